//! Messages as server-sent events.

use std::convert::Infallible;
use std::fmt::Write;

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::time::{Instant, Interval, interval_at};

use super::hub::{Message, Subscription};
use super::watch::HEARTBEAT;

/// How long a client waits before it connects again, in milliseconds.
const RETRY: &str = "retry: 1000\n";
const COMMENT: Bytes = Bytes::from_static(b":\n\n");
/// Messages that are ready are sent together, this many at most.
const MAX_CHUNK: usize = 64;

struct Client {
    subscription: Subscription,
    heartbeat: Interval,
    is_over: bool,
}

/// What the client is told, until it is let go.
pub(super) fn stream(subscription: Subscription) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    let client = Client { subscription, heartbeat, is_over: false };
    unfold(client, async |mut client| {
        let chunk = client.next().await?;
        Some((Ok(chunk), client))
    })
}

impl Client {
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let first = std::mem::take(&mut self.subscription.first);
        if !first.is_empty() {
            return Some(chunk(RETRY.to_owned(), &first));
        }
        let mut messages = Vec::new();
        tokio::select! {
            biased;
            count = self.subscription.queue.recv_many(&mut messages, MAX_CHUNK) => if count == 0 {
                self.is_over = true;
                messages.push(self.subscription.close_message());
            },
            _ = self.heartbeat.tick() => return Some(COMMENT),
        }
        Some(chunk(String::new(), &messages))
    }
}

fn chunk(mut text: String, messages: &[Message]) -> Bytes {
    for Message { id, event, data } in messages {
        // JSON as it is made here has no line breaks.
        write!(text, "id: {id}\nevent: {event}\ndata: {}\n\n", data.get())
            .expect("a string takes everything");
    }
    Bytes::from(text)
}

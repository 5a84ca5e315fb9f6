//! Messages as server-sent events.

use std::convert::Infallible;
use std::fmt::Write;

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;

use super::client::Client;
use super::hub::{Message, Subscription};

/// How long a client waits before it connects again, in milliseconds.
const RETRY: &str = "retry: 1000\n";
const COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// What the client is told, until it is let go.
pub(super) fn stream(subscription: Subscription) -> impl Stream<Item = Result<Bytes, Infallible>> {
    unfold((Client::new(subscription), RETRY), async |(mut client, head)| {
        let messages = client.next().await?;
        let chunk = if messages.is_empty() { COMMENT } else { chunk(head.to_owned(), &messages) };
        Some((Ok(chunk), (client, "")))
    })
}

fn chunk(mut text: String, messages: &[Message]) -> Bytes {
    for message in messages {
        if let Some(id) = message.position() {
            writeln!(text, "id: {id}").expect("a string takes everything");
        }
        let Message { event, data, .. } = message;
        // JSON as it is made here has no line breaks.
        write!(text, "event: {event}\ndata: {}\n\n", data.get()).expect("a string takes everything");
    }
    Bytes::from(text)
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use messaging::broadcast::Audience;
    use uuid::Uuid;

    use super::super::Hub;
    use super::super::hub::{CLIENT_QUEUE, Position};
    use super::*;

    #[tokio::test]
    async fn who_was_too_slow_goes_on_from_what_it_was_told() {
        let (hub, topic) = (Hub::new("order"), Uuid::now_v7());
        let slow = hub.watch(topic, None).unwrap();
        let all: Vec<String> = (0..CLIENT_QUEUE + 2).map(|number| number.to_string()).collect();
        all.iter().for_each(|number| hub.changed(topic, number));
        let chunks: Vec<_> = stream(slow).map(|chunk| chunk.unwrap()).collect().await;
        let text = String::from_utf8(chunks.concat()).unwrap();
        assert!(text.ends_with("event: close\ndata: {\"reason\":\"too-slow\"}\n\n"));
        let last: Position =
            text.lines().rev().find_map(|line| line.strip_prefix("id: ")).unwrap().parse().unwrap();
        let resumed = hub.watch(topic, Some(last)).unwrap();
        let missed: Vec<_> = resumed.first.iter().skip(1).map(|message| message.data.get()).collect();
        assert_eq!(missed, all[CLIENT_QUEUE..]);
    }
}

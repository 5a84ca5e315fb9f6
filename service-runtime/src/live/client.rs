use std::mem;

use tokio::time::{Instant, Interval, interval_at};

use super::hub::{Message, Subscription};
use super::watch::HEARTBEAT;

/// Messages that are ready are told together, this many at most.
const MAX_AT_ONCE: usize = 64;

/// A client whose connection is a stream to it alone.
pub(super) struct Client {
    subscription: Subscription,
    heartbeat: Interval,
    is_over: bool,
}

impl Client {
    pub(super) fn new(subscription: Subscription) -> Self {
        let heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        Self { subscription, heartbeat, is_over: false }
    }

    /// What to tell next: none if nothing happened for a while. `None` after the last message, which says why it is.
    pub(super) async fn next(&mut self) -> Option<Vec<Message>> {
        if self.is_over {
            return None;
        }
        let first = mem::take(&mut self.subscription.first);
        if !first.is_empty() {
            return Some(first);
        }
        let mut messages = Vec::new();
        tokio::select! {
            biased;
            count = self.subscription.queue.recv_many(&mut messages, MAX_AT_ONCE) => if count == 0 {
                self.is_over = true;
                messages.push(self.subscription.close_message());
            },
            _ = self.heartbeat.tick() => {}
        }
        Some(messages)
    }
}

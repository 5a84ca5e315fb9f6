use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// From the beginning of a batch to that of the next, at least, while there is more than one item at a time.
const INTERVAL: Duration = Duration::from_millis(3);

/// Keeps batches apart under load, so that they grow instead of becoming more: each costs about the same, whatever it
/// holds. A lone item is never kept waiting by a lone item before it.
#[derive(Debug, Default)]
pub struct Pace {
    next: Option<Instant>,
}

impl Pace {
    /// Waits until the next batch may be taken.
    pub async fn wait(&mut self) {
        if let Some(next) = self.next.take() {
            sleep_until(next).await;
        }
    }

    /// A batch of so many items was `begun` then.
    pub fn took(&mut self, begun: Instant, items: usize) {
        self.next = (items > 1).then(|| begun + INTERVAL);
    }
}

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// From the beginning of a batch to that of the next, at least.
const SHORTEST: Duration = Duration::from_millis(3);
/// No batch is kept waiting for longer, however long the last one took.
const LONGEST: Duration = Duration::from_millis(10);

/// Keeps batches apart under load, so that they grow instead of becoming more: each costs about the same, whatever it
/// holds. A lone item is never kept waiting by a lone item before it.
#[derive(Debug)]
pub struct Pace {
    transactions: u32,
    next: Option<Instant>,
}

impl Pace {
    /// For what goes through so many transactions from here on, one after another: a batch leaves the time for each of them.
    /// It arrives when the one before it is done with, and waits for nothing there.
    pub fn for_transactions(transactions: u32) -> Self {
        Self { transactions, next: None }
    }

    /// Waits until the next batch may be taken.
    pub async fn wait(&self) {
        // Even a sleep that is over may take until the timer's next millisecond.
        if let Some(next) = self.next.filter(|next| *next > Instant::now()) {
            sleep_until(next).await;
        }
    }

    /// A batch of so many items was `begun` then, and is done.
    pub fn done(&mut self, begun: Instant, items: usize) {
        let interval = (begun.elapsed() * self.transactions).clamp(SHORTEST, LONGEST);
        self.next = (items > 1).then(|| begun + interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long after a batch, which is done now, `began` the next one may.
    fn interval(transactions: u32, began: Instant, items: usize) -> Option<Duration> {
        let mut pace = Pace::for_transactions(transactions);
        pace.done(began, items);
        pace.next.map(|next| next - began)
    }

    #[test]
    fn batches_leave_time_for_what_follows_within_limits() {
        let now = Instant::now();
        let in_no_time = now + Duration::from_secs(60);
        assert_eq!(interval(3, in_no_time, 2), Some(SHORTEST));
        let took = Duration::from_millis(2);
        assert!(interval(3, now - took, 2).unwrap() >= 3 * took);
        assert_eq!(interval(3, now - Duration::from_secs(1), 2), Some(LONGEST));
        assert_eq!(interval(3, now, 1), None);
    }
}

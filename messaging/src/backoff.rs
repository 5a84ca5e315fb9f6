use std::time::Duration;

use tokio_util::sync::CancellationToken;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Jittered exponential back-off without an end: 100 ms, doubling to 5 s, each ± 50 %.
///
/// A broker or a database that is away for a day must find its clients still trying, so there is no cap on
/// attempts; the jitter keeps a fleet from knocking in step.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    /// Waits for the next delay, or until `shutdown`.
    pub async fn wait(&mut self, shutdown: &CancellationToken) {
        let delay = self.next.mul_f64(0.5 + fastrand::f64());
        self.next = (self.next * 2).min(LONGEST);
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = shutdown.cancelled() => {}
        }
    }

    /// Starts again from the shortest delay: call it after a success.
    pub fn reset(&mut self) {
        self.next = FIRST;
    }
}

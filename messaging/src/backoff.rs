use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);
/// Without a wait for this long, what was tried in between has worked.
const FORGET_AFTER: Duration = Duration::from_secs(10);

/// Jittered exponential back-off without an end: 100 ms, doubling to 5 s, each ± 50 %.
///
/// A broker or a database that is away for a day must find its clients still trying, so there is no cap on
/// attempts; the jitter keeps a fleet from knocking in step. It starts again from the shortest delay when the
/// last wait is 10 s ago: what works for a moment and fails again is not taken for healed.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
    last_wait: Option<Instant>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST, last_wait: None }
    }
}

impl Backoff {
    /// Waits for the next delay, or until `shutdown`.
    pub async fn wait(&mut self, shutdown: &CancellationToken) {
        let delay = self.next_delay(Instant::now()).mul_f64(0.5 + fastrand::f64());
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = shutdown.cancelled() => {}
        }
        self.last_wait = Some(Instant::now());
    }

    fn next_delay(&mut self, now: Instant) -> Duration {
        if self.last_wait.is_some_and(|last| now.duration_since(last) > FORGET_AFTER) {
            self.next = FIRST;
        }
        let delay = self.next;
        self.next = (delay * 2).min(LONGEST);
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_to_the_longest_and_start_again_after_a_quiet_time() {
        let now = Instant::now();
        let mut backoff = Backoff { next: FIRST, last_wait: Some(now) };
        let delays: Vec<_> = (0..8).map(|_| backoff.next_delay(now + FORGET_AFTER).as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(backoff.next_delay(now + FORGET_AFTER + Duration::from_millis(1)), FIRST);
    }
}

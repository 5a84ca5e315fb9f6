use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// When to do what may wait a little for more of its kind.
#[derive(Debug, Default)]
pub(crate) struct Due {
    at: Option<Instant>,
}

impl Due {
    /// There is something to do, `delay` from now at most.
    pub(crate) fn within(&mut self, delay: Duration) {
        let at = Instant::now() + delay;
        self.at = Some(self.at.map_or(at, |earlier| earlier.min(at)));
    }

    /// Waits until it is time; for ever while there is nothing to do.
    pub(crate) async fn reached(&self) {
        match self.at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}

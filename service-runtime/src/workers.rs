use std::any::type_name;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::StartError;
use crate::shutdown::Shutdown;

/// What the workers get to finish after the last request is answered; with the requests' own five seconds, a
/// service is gone within ten.
const LIMIT: Duration = Duration::from_secs(4);

/// Background work, from when the database is up to date until it is told to stop.
///
/// Nobody does a dead worker's work: one that panics, or ends before it was told to, ends the service, which is then
/// started again by whoever supervises it.
pub(crate) struct Workers {
    migrated: CancellationToken,
    stop: CancellationToken,
    shutdown: Shutdown,
    tracker: TaskTracker,
}

impl Workers {
    /// They begin when `migrated` is cancelled.
    pub(crate) fn new(migrated: CancellationToken, shutdown: Shutdown) -> Self {
        Self { migrated, stop: CancellationToken::new(), shutdown, tracker: TaskTracker::new() }
    }

    pub(crate) fn spawn<F>(&self, worker: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (migrated, stop, shutdown) = (self.migrated.clone(), self.stop.clone(), self.shutdown.clone());
        let work = worker(self.stop.clone());
        self.tracker.spawn(async move {
            tokio::select! {
                () = migrated.cancelled() => {}
                () = stop.cancelled() => return,
            }
            // Its state goes with it, so that nobody meets what a panic left of it.
            let panicked = AssertUnwindSafe(work).catch_unwind().await.is_err();
            // Once the last request is answered, a worker that serves requests may see that itself.
            if panicked || !shutdown.begun().is_cancelled() {
                shutdown.fail(StartError::Worker(type_name::<F>()));
            }
        });
    }

    /// Tells them to finish what is in their hands and waits until they have, for a limited time.
    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(LIMIT, self.tracker.wait()).await.is_err() {
            warn!("workers did not finish in time; what they held comes again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn outcome<F>(worker: impl FnOnce(CancellationToken) -> F) -> (bool, Result<(), StartError>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let shutdown = Shutdown::default();
        let workers = Workers::new(CancellationToken::new(), shutdown.clone());
        workers.migrated.cancel();
        workers.spawn(worker);
        // The worker gets its turn before it is told to stop.
        tokio::task::yield_now().await;
        let has_begun = shutdown.begun().is_cancelled();
        shutdown.begun().cancel();
        workers.stop().await;
        (has_begun, shutdown.outcome())
    }

    /// Goal: no service goes on without one of its workers, and whoever supervises it learns why it ended. Method: one
    /// panics, one ends too early, one ends when it is told to, one panics then.
    #[tokio::test]
    async fn worker_that_dies_ends_the_service() {
        assert!(matches!(outcome(async |_| panic!("a bug")).await, (true, Err(StartError::Worker(_)))));
        assert!(matches!(outcome(async |_| ()).await, (true, Err(StartError::Worker(_)))));
        let obedient = async |stop: CancellationToken| stop.cancelled_owned().await;
        assert!(matches!(outcome(obedient).await, (false, Ok(()))));
        let clumsy = async |stop: CancellationToken| {
            stop.cancelled_owned().await;
            panic!("a bug");
        };
        assert!(matches!(outcome(clumsy).await, (false, Err(StartError::Worker(_)))));
    }
}

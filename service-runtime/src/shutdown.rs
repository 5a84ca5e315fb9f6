use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::StartError;

/// Requests in hand at shutdown get this long, however they came.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// How a service comes to its end: by a signal, or because it can't go on. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Shutdown {
    begun: CancellationToken,
    failure: Arc<Mutex<Option<StartError>>>,
}

impl Shutdown {
    /// One that SIGTERM and SIGINT begin.
    pub(crate) fn on_signal() -> io::Result<Self> {
        let shutdown = Self::default();
        let begun = shutdown.begun.clone();
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            info!("stopping");
            begun.cancel();
        });
        Ok(shutdown)
    }

    /// Cancelled when it begins.
    pub(crate) fn begun(&self) -> &CancellationToken {
        &self.begun
    }

    /// Begins it because of an error that time will not heal.
    pub(crate) fn fail(&self, error: StartError) {
        error!(%error, "stopping");
        self.failure.lock().expect("no panic while held").get_or_insert(error);
        self.begun.cancel();
    }

    /// The first error that it was begun with, if any.
    pub(crate) fn outcome(&self) -> Result<(), StartError> {
        self.failure.lock().expect("no panic while held").take().map_or(Ok(()), Err)
    }
}

//! Signals that ask a program to stop.

use std::future::Future;

use stack::{Error, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What asks a program to stop: Ctrl-C, `kill`, the terminal's end.
pub(crate) struct StopSignals([Signal; 3]);

impl StopSignals {
    /// From now on these signals do not end the program by themselves.
    pub(crate) fn listen() -> Result<Self> {
        let failed = |source| Error::Io { doing: "listening for signals".into(), source };
        Ok(Self([
            signal(SignalKind::interrupt()).map_err(failed)?,
            signal(SignalKind::terminate()).map_err(failed)?,
            signal(SignalKind::hangup()).map_err(failed)?,
        ]))
    }

    /// The work's result, unless a signal comes first.
    pub(crate) async fn or<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            result = work => Some(result),
            _ = interrupt.recv() => None,
            _ = terminate.recv() => None,
            _ = hangup.recv() => None,
        }
    }
}

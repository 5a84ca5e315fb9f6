//! How long orders-service's relay takes to claim a batch, second by second.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use stack::Addresses;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::error::{Error, Result};
use crate::metrics::{Histograms, Total};

/// What the relay did in about a second.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ClaimSecond {
    /// When it was over, since the window began.
    pub(crate) until_seconds: f64,
    pub(crate) claims: u64,
    /// Messages that were claimed.
    pub(crate) rows: u64,
    /// The mean duration of a claim.
    pub(crate) mean_ms: f64,
}

/// Looks once a second until it is finished.
pub(crate) struct Claims {
    task: JoinHandle<Result<Vec<ClaimSecond>>>,
    stop: oneshot::Sender<()>,
}

/// Durations, and messages, of claims since the service started.
struct Look {
    at: Instant,
    seconds: Total,
    rows: Total,
}

impl Claims {
    /// Starts to look, at the beginning of a window.
    pub(crate) async fn watch(addresses: Addresses) -> Result<Self> {
        let first = look(&addresses).await?;
        let (stop, stopped) = oneshot::channel();
        Ok(Self { task: tokio::spawn(watch(addresses, first, stopped)), stop })
    }

    /// What was seen.
    pub(crate) async fn finish(self) -> Result<Vec<ClaimSecond>> {
        drop(self.stop);
        self.task.await.map_err(|error| Error::Other(format!("watching claims: {error}")))?
    }
}

/// The mean duration of the claims in `seconds`, in ms.
pub(crate) fn mean_ms(seconds: &[ClaimSecond]) -> f64 {
    let claims: u64 = seconds.iter().map(|second| second.claims).sum();
    let total: f64 = seconds.iter().map(|second| second.mean_ms * second.claims as f64).sum();
    total / claims.max(1) as f64
}

async fn watch(
    addresses: Addresses,
    first: Look,
    mut stopped: oneshot::Receiver<()>,
) -> Result<Vec<ClaimSecond>> {
    let began = first.at;
    let mut last = first;
    let mut seconds = Vec::new();
    let mut is_stopped = false;
    while !is_stopped {
        is_stopped = timeout(Duration::from_secs(1), &mut stopped).await.is_ok();
        let now = look(&addresses).await?;
        let claims = now.seconds.since(last.seconds);
        seconds.push(ClaimSecond {
            until_seconds: (now.at - began).as_secs_f64(),
            claims: claims.count as u64,
            rows: now.rows.since(last.rows).sum as u64,
            mean_ms: claims.sum * 1000.0 / claims.count.max(1.0),
        });
        last = now;
    }
    Ok(seconds)
}

async fn look(addresses: &Addresses) -> Result<Look> {
    let histograms = Histograms::now(addresses).await?;
    Ok(Look {
        at: Instant::now(),
        seconds: histograms.total("orders", "messaging_relay_claim_seconds"),
        rows: histograms.total("orders", "messaging_relay_batch_rows"),
    })
}

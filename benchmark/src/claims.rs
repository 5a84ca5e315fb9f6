//! How long orders-service's relay takes to claim a batch, second by second, until a backlog has left the outbox.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use stack::Addresses;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::Client;

use crate::error::{Doing, Error, Result};
use crate::machine;
use crate::metrics::{Histograms, Total};

/// When every order is final, how long the last request may still be in the outbox: sent, and not yet deleted.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_secs(1);
/// Between two looks at whether a claim has ended.
const LOOK: Duration = Duration::from_millis(10);

/// What the relay did in about a second.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ClaimSecond {
    /// When it was over, since the window began.
    pub(crate) until_seconds: f64,
    pub(crate) claims: u64,
    /// The mean duration of a claim.
    pub(crate) mean_ms: f64,
}

/// Looks once a second until a row has left the outbox.
pub(crate) struct Claims {
    task: JoinHandle<Result<Vec<ClaimSecond>>>,
}

struct Watch {
    addresses: Addresses,
    orders: Client,
    last_row: i64,
}

impl Claims {
    /// Starts to look, at the beginning of a window, until the row of that id has left the outbox.
    pub(crate) async fn watch(addresses: &Addresses, last_row: i64) -> Result<Self> {
        let orders = machine::connect(&addresses.orders_database).await?;
        let watch = Watch { addresses: addresses.clone(), orders, last_row };
        let first = watch.claims().await?;
        Ok(Self { task: tokio::spawn(watch.run(first)) })
    }

    /// What was seen. Every order is final by now.
    pub(crate) async fn finish(self) -> Result<Vec<ClaimSecond>> {
        let seen = timeout(PATIENCE, self.task).await;
        let seen =
            seen.map_err(|_| Error::Other("orders are final, and their requests are not sent".into()))?;
        seen.map_err(|error| Error::Other(format!("watching claims: {error}")))?
    }
}

impl Watch {
    async fn run(self, at_first: Total) -> Result<Vec<ClaimSecond>> {
        let began = Instant::now();
        let mut last = self.after_the_next(at_first).await?;
        let mut seconds = Vec::new();
        let mut is_gone = false;
        while !is_gone {
            sleep(PAUSE).await;
            is_gone = !self.is_in_outbox().await?;
            let now = self.claims().await?;
            let claims = now.since(last);
            seconds.push(ClaimSecond {
                until_seconds: began.elapsed().as_secs_f64(),
                claims: claims.count as u64,
                mean_ms: claims.sum * 1000.0 / claims.count.max(1.0),
            });
            last = now;
        }
        Ok(seconds)
    }

    /// What there is once one more has ended. It may have begun before the backlog could be seen, and then it took its time
    /// to step over all of it: so many rows of a transaction that is open are there in a benchmark alone.
    async fn after_the_next(&self, before: Total) -> Result<Total> {
        loop {
            let now = self.claims().await?;
            if now.count > before.count {
                return Ok(now);
            }
            sleep(LOOK).await;
        }
    }

    /// Durations, in seconds.
    async fn claims(&self) -> Result<Total> {
        let histograms = Histograms::now(&self.addresses).await?;
        Ok(histograms.total("orders", "messaging_relay_claim_seconds"))
    }

    async fn is_in_outbox(&self) -> Result<bool> {
        let query = "SELECT EXISTS (SELECT FROM outbox WHERE id = $1)";
        let row = self.orders.query_one(query, &[&self.last_row]).await;
        Ok(row.doing("looking into the outbox")?.get(0))
    }
}

/// The mean duration of the claims in `seconds`, in ms.
pub(crate) fn mean_ms(seconds: &[ClaimSecond]) -> f64 {
    let claims: u64 = seconds.iter().map(|second| second.claims).sum();
    let total: f64 = seconds.iter().map(|second| second.mean_ms * second.claims as f64).sum();
    total / claims.max(1) as f64
}

//! Sweeps (transaction T5 of docs/MESSAGING.md): asks again for payments that were never answered.
//!
//! This is what heals a broker that lost its disk. The event sent again is the same event, so that wherever the
//! first one got to, nothing happens twice, and the stored decision is told again.

use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use messaging::outbox::{self, Message};
use messaging::{Broker, Error, Lease, Pool, crash_point};
use metrics::counter;
use service_runtime::{ConfigError, env_or};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

use crate::store;

/// Orders asked for again in one transaction, at most.
const MAX_BATCH: i64 = 500;
/// The pause after a full batch: with the batch it bounds the rate, to 2,000 orders a second.
const PAUSE: Duration = Duration::from_millis(250);
/// Messages that may be ready in a queue before the sweep takes it for busy and holds back.
const BACKLOG: u32 = 100;

/// The sweep. Every replica runs one; they take turns.
pub(crate) struct Sweep {
    pub pool: Pool,
    pub broker: Broker,
    pub wake: Arc<Notify>,
    /// The age at which an order that is still NEW is asked for again.
    pub after: Duration,
}

/// `SWEEP_AFTER_SECONDS`: the age at which an order that is still NEW is asked for again, 30 by default.
pub(crate) fn sweep_after_from_env() -> Result<Duration, ConfigError> {
    env_or("SWEEP_AFTER_SECONDS", 30, "a number of seconds").map(Duration::from_secs)
}

impl Sweep {
    /// Sweeps three times in `after`, and at once again while there is more, until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut pause = self.after / 3;
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => return,
            }
            let resent = self.run_once().await.unwrap_or_else(|error| {
                warn!(%error, "sweep: failed; trying again");
                0
            });
            pause = if resent == MAX_BATCH as usize { PAUSE } else { self.after / 3 };
        }
    }

    /// One sweep; returns how many payments were asked for again.
    async fn run_once(&self) -> Result<usize, Error> {
        let mut conn = Lease::take(&self.pool).await?;
        // First whether there is anything to do: the broker is not asked within a transaction, nor for nothing.
        let due = conn.transaction(async |conn| self.due(conn, 1).await).await?;
        if due.is_empty() || self.queues_are_busy().await? {
            conn.give_back();
            return Ok(0);
        }
        let resent = conn
            .transaction::<_, Error, _>(async |conn| {
                let due = self.due(conn, MAX_BATCH).await?;
                let (orders, messages): (Vec<_>, Vec<_>) = due.into_iter().unzip();
                outbox::enqueue(conn, &messages).await?;
                store::mark_resent(conn, &orders).await?;
                crash_point!("sweep.enqueued");
                Ok(orders.len())
            })
            .await?;
        conn.give_back();
        if resent > 0 {
            crash_point!("sweep.committed");
            info!(orders = resent, "sweep: asked again for payments that were not answered");
            counter!("orders_payments_requested_again_total").increment(resent as u64);
            self.wake.notify_one();
        }
        Ok(resent)
    }

    /// Orders to ask for again, with their requests; within the caller's transaction.
    async fn due(&self, conn: &mut AsyncPgConnection, limit: i64) -> QueryResult<Vec<(Uuid, Message)>> {
        match store::begin_sweep(conn, self.after).await? {
            // A relay that is behind has the requests still: more of them would feed the overload.
            Some(sweeping) if !sweeping.relay_behind => {
                store::unpaid_orders(conn, &sweeping, self.after, limit).await
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Whether requests or results still wait in their queues. The broker is asked over a connection that exists
    /// only for this, since there is rarely anything to ask.
    async fn queues_are_busy(&self) -> Result<bool, Error> {
        let session = self.broker.open("sweep").await?;
        let mut busy = false;
        for queue in [contracts::PAYMENT_REQUESTS_QUEUE, contracts::PAYMENT_RESULTS_QUEUE] {
            busy |= session.depth(queue).await? > BACKLOG;
        }
        session.close().await;
        Ok(busy)
    }
}

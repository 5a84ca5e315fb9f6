//! Delivers paid orders (transaction T7 of docs/MESSAGING.md): PENDING to SHIPPED to DELIVERED, a step in each tick.
//!
//! Every replica tries; the database's clock says whether a tick is due, and who asks first has it. If that one ends in
//! the midst of it, what is left is in the next tick. Users who wait for payments come first: between batches it pauses
//! for so long that it takes a twentieth of one connection's time at most, and a backlog that builds up under load goes
//! when the load does.

use std::time::Duration;

use contracts::events::{OrderDelivered, OrderShipped, Payload};
use diesel_async::AsyncConnection;
use messaging::broadcast::Voice;
use messaging::outbox::{self, Message};
use messaging::{Error, Handoff, Lease, Pool, crash_point, within};
use metrics::counter;
use service_runtime::{ConfigError, env_or};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::domain::{OrderChange, tell};
use crate::store::{self, Stepped};

/// Steps in one transaction, at most.
const MAX_BATCH: i64 = 500;
/// A transaction and its round trips.
const BATCH_LIMIT: Duration = Duration::from_secs(10);
/// How often a replica asks whether a tick is due, or as often as ticks are.
const LONGEST_POLL: Duration = Duration::from_secs(1);
/// The pause after a batch, in units of what the batch took.
const PAUSE_FACTOR: u32 = 19;

/// The delivery. Every replica runs one.
pub(crate) struct Delivery {
    pub pool: Pool,
    pub handoff: Handoff,
    pub voice: Voice,
    /// From the beginning of a tick to that of the next.
    pub interval: Duration,
}

/// `DELIVERY_INTERVAL_SECONDS`: how often paid orders make a step, every 10 seconds by default; `None` stands for 0,
/// which is never. Their steps are kept until somebody makes them.
pub(crate) fn interval_from_env() -> Result<Option<Duration>, ConfigError> {
    let seconds: u32 = env_or("DELIVERY_INTERVAL_SECONDS", 10, "seconds, or 0 for no deliveries")?;
    Ok((seconds > 0).then(|| Duration::from_secs(seconds.into())))
}

impl Delivery {
    /// Delivers until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LONGEST_POLL.min(self.interval)) => {}
                () = shutdown.cancelled() => return,
            }
            if let Err(error) = self.tick(&shutdown).await {
                warn!(%error, "delivery: no tick begun; trying again");
            }
        }
    }

    /// Everything that was due when the tick began, if it is this replica's. What fails is tried again.
    async fn tick(&self, shutdown: &CancellationToken) -> Result<(), Error> {
        let mut conn = Lease::take(&self.pool).await?;
        let last = store::begin_tick(&mut conn, self.interval).await?;
        conn.give_back();
        let Some(last) = last else {
            return Ok(());
        };
        let mut has_failed = false;
        loop {
            let begun = Instant::now();
            let batch = within(BATCH_LIMIT, "a delivery", self.step(last)).await;
            // What looked like a failure may have been committed after that was said.
            if has_failed || batch.is_err() {
                self.voice.unsure();
            }
            has_failed = batch.is_err();
            let pause = match batch {
                Ok(due) if due < MAX_BATCH as usize => return Ok(()),
                Ok(_) => PAUSE_FACTOR * begun.elapsed(),
                Err(error) => {
                    warn!(%error, "delivery: steps failed; trying again");
                    LONGEST_POLL
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => return Ok(()),
            }
        }
    }

    /// One batch; returns how many steps were due.
    async fn step(&self, last: i64) -> Result<usize, Error> {
        let mut conn = Lease::take(&self.pool).await?;
        let (Stepped { due, changes }, enqueued) = conn
            .transaction::<_, Error, _>(async |conn| {
                let stepped = store::step(conn, last, MAX_BATCH).await?;
                let enqueued = outbox::enqueue(conn, stepped.changes.iter().map(message).collect()).await?;
                crash_point!("delivery.stepped");
                Ok((stepped, enqueued))
            })
            .await?;
        conn.give_back();
        crash_point!("delivery.committed");
        if !changes.is_empty() {
            self.handoff.send(enqueued);
            tell(&self.voice, &changes);
            counter!("orders_delivery_steps_total").increment(changes.len() as u64);
        }
        Ok(due)
    }
}

/// The event that tells of a step.
fn message(change: &OrderChange) -> Message {
    let OrderChange { id: order_id, user_id, at, .. } = *change;
    match change.delivery_status {
        Some("DELIVERED") => OrderDelivered { order_id, user_id }.message(at),
        _ => OrderShipped { order_id, user_id }.message(at),
    }
}

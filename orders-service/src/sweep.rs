//! Sweeps (transaction T5 of docs/MESSAGING.md): asks again for payments and refunds that were never answered.
//!
//! This is what heals a broker that lost its disk. The event sent again is the same event, so that wherever the
//! first one got to, nothing happens twice, and the stored decision is told again.

use std::num::NonZeroU32;
use std::time::Duration;

use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use messaging::outbox;
use messaging::{Broker, Error, Handoff, Lease, Pool, crash_point};
use metrics::counter;
use service_runtime::{ConfigError, env_or};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::store::{self, Sweeping, Unanswered};

/// Orders that the watermark passes in one transaction, at most: some ten milliseconds.
const PAGE: i64 = 10_000;
/// Orders asked for again in one transaction, at most.
const MAX_BATCH: i64 = 500;
/// One sweep. What it has done by then lasts.
const RUN_LIMIT: Duration = Duration::from_secs(60);
/// The pause after a full batch: with the batch it bounds the rate, to 2,000 orders a second.
const PAUSE: Duration = Duration::from_millis(250);
/// Messages that may be ready in a queue before the sweep takes it for busy and holds back.
const BACKLOG: u32 = 100;

/// The sweep. Every replica runs one; they take turns.
pub(crate) struct Sweep {
    pub pool: Pool,
    pub broker: Broker,
    pub handoff: Handoff,
    /// The age at which an order that is still NEW is asked for again.
    pub after: Duration,
}

/// `SWEEP_AFTER_SECONDS`: the age at which an order that is still NEW is asked for again, 30 by default.
pub(crate) fn after_from_env() -> Result<Duration, ConfigError> {
    let seconds =
        env_or("SWEEP_AFTER_SECONDS", NonZeroU32::new(30).expect("not zero"), "seconds, 1 or more")?;
    Ok(Duration::from_secs(seconds.get().into()))
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
            let limit = RUN_LIMIT;
            let run = tokio::time::timeout(limit, self.run_once()).await;
            let due =
                run.unwrap_or(Err(Error::Deadline { what: "a sweep", limit })).unwrap_or_else(|error| {
                    warn!(%error, "sweep: failed; trying again");
                    0
                });
            pause = if due == MAX_BATCH as usize { PAUSE } else { self.after / 3 };
        }
    }

    /// One sweep; returns how many orders it found due.
    async fn run_once(&self) -> Result<usize, Error> {
        self.note_unanswered().await?;
        // First whether there is anything to do: the broker is not asked within a transaction, nor for nothing.
        let mut conn = Lease::take(&self.pool).await?;
        let due = store::unanswered(&mut conn, 1).await?;
        conn.give_back();
        if due.is_empty() || self.queues_are_busy().await? {
            return Ok(0);
        }
        self.resend().await
    }

    /// Moves the watermark up, a page and a transaction at a time, so that each step lasts however far it has to go.
    async fn note_unanswered(&self) -> Result<(), Error> {
        let mut conn = Lease::take(&self.pool).await?;
        let mut from = None;
        loop {
            let page = conn.transaction::<_, Error, _>(async |conn| {
                let Some(sweeping) = self.begin(conn).await? else {
                    return Ok(None);
                };
                let from = from.unwrap_or(sweeping.watermark);
                Ok(store::note_unanswered(conn, &sweeping, from, self.after, PAGE).await?)
            });
            from = page.await?;
            if from.is_none() {
                conn.give_back();
                return Ok(());
            }
        }
    }

    /// Asks again for the payments of orders that are due.
    async fn resend(&self) -> Result<usize, Error> {
        let mut conn = Lease::take(&self.pool).await?;
        let (resent, answered, enqueued) = conn
            .transaction::<_, Error, _>(async |conn| {
                let (mut resent, mut messages, mut answered) = (Vec::new(), Vec::new(), Vec::new());
                if self.begin(conn).await?.is_none() {
                    return Ok((0, 0, Vec::new()));
                }
                for order in store::unanswered(conn, MAX_BATCH).await? {
                    match order {
                        Unanswered::Still(id, requests) => {
                            resent.push(id);
                            messages.extend(requests);
                        }
                        Unanswered::NoLonger(id) => answered.push(id),
                    }
                }
                let enqueued = outbox::enqueue(conn, messages).await?;
                store::mark_resent(conn, &resent, self.after).await?;
                store::forget_unanswered(conn, &answered).await?;
                crash_point!("sweep.enqueued");
                Ok((resent.len(), answered.len(), enqueued))
            })
            .await?;
        conn.give_back();
        crash_point!("sweep.committed");
        if resent > 0 {
            info!(orders = resent, "sweep: asked again for payments that were not answered");
            counter!("orders_payments_requested_again_total").increment(resent as u64);
            self.handoff.send(enqueued);
        }
        Ok(resent + answered)
    }

    /// Begins a step, unless another replica is at it. A relay that is behind has the requests still: more of them
    /// would feed the overload.
    async fn begin(&self, conn: &mut AsyncPgConnection) -> QueryResult<Option<Sweeping>> {
        Ok(store::begin_sweep(conn, self.after).await?.filter(|sweeping| !sweeping.relay_behind))
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

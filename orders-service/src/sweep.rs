//! Sweeps (transaction T5 of docs/MESSAGING.md): asks again for payments and refunds that were never answered.
//!
//! This is what heals a broker that lost its disk. The event sent again is the same event, so that wherever the
//! first one got to, nothing happens twice, and the stored decision is told again.

use std::num::NonZeroU32;
use std::time::Duration;

use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use messaging::outbox;
use messaging::{Broker, Error, Handoff, Lease, Pool, crash_point, within};
use metrics::counter;
use service_runtime::{ConfigError, env_or};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::store::{self, Progress, Sweeping, Unanswered};

/// Orders that the watermark passes in one transaction, at most: some five milliseconds.
const PAGE: i64 = 2_000;
/// The pause after such a page, in times of what it took: whoever sweeps leaves the database to those who order.
const PAGE_PAUSE: u32 = 3;
/// That pause at most: a sweep has to get on faster than orders come.
const LONGEST_PAGE_PAUSE: Duration = Duration::from_millis(20);
/// Orders asked for again in one transaction, at most.
const MAX_BATCH: i64 = 500;
/// One step: a page, or asking again.
const STEP_LIMIT: Duration = Duration::from_secs(20);
/// The pause after a full batch: with the batch it bounds the rate, to 2,000 orders a second.
const BATCH_PAUSE: Duration = Duration::from_millis(250);
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

/// What follows a step.
enum Next {
    /// The next page of a sweep that is so far.
    Page(Progress),
    /// Another batch of what is due.
    Batch,
    /// Another sweep.
    Sweep,
}

/// `SWEEP_AFTER_SECONDS`: the age at which an order that is still NEW is asked for again, 30 by default.
pub(crate) fn after_from_env() -> Result<Duration, ConfigError> {
    let seconds =
        env_or("SWEEP_AFTER_SECONDS", NonZeroU32::new(30).expect("not zero"), "seconds, 1 or more")?;
    Ok(Duration::from_secs(seconds.get().into()))
}

impl Sweep {
    /// Sweeps three times in `after`, step by step, until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut progress = None;
        let mut pause = self.after / 3;
        loop {
            tokio::select! {
                () = sleep(pause) => {}
                () = shutdown.cancelled() => return,
            }
            let began = Instant::now();
            let step = within(STEP_LIMIT, "a step of a sweep", self.step(progress)).await;
            let next = step.unwrap_or_else(|error| {
                warn!(%error, "sweep: failed; trying again");
                Next::Sweep
            });
            (progress, pause) = match next {
                Next::Page(progress) => {
                    (Some(progress), (began.elapsed() * PAGE_PAUSE).min(LONGEST_PAGE_PAUSE))
                }
                Next::Batch => (None, BATCH_PAUSE),
                Next::Sweep => (None, self.after / 3),
            };
        }
    }

    /// Notes a page, or if that was the last one, asks again for what is due.
    async fn step(&self, progress: Option<Progress>) -> Result<Next, Error> {
        if let Some(progress) = self.note_unanswered(progress).await? {
            return Ok(Next::Page(progress));
        }
        // First whether there is anything to do: the broker is not asked within a transaction, nor for nothing.
        let mut conn = Lease::take(&self.pool).await?;
        let due = store::unanswered(&mut conn, 1).await?;
        conn.give_back();
        if due.is_empty() || self.queues_are_busy().await? {
            return Ok(Next::Sweep);
        }
        let due = self.resend().await?;
        Ok(if due == MAX_BATCH as usize { Next::Batch } else { Next::Sweep })
    }

    /// Moves the watermark up by a page, which lasts however far there is to go. Returns how far it is, if there is more.
    async fn note_unanswered(&self, progress: Option<Progress>) -> Result<Option<Progress>, Error> {
        let mut conn = Lease::take(&self.pool).await?;
        let page = conn.transaction::<_, Error, _>(async |conn| {
            let Some(sweeping) = self.begin(conn, progress.is_none()).await? else {
                return Ok(None);
            };
            Ok(store::note_unanswered(conn, &sweeping, progress, self.after, PAGE).await?)
        });
        let next = page.await?;
        conn.give_back();
        Ok(next)
    }

    /// Asks again for the payments of orders that are due; returns how many were.
    async fn resend(&self) -> Result<usize, Error> {
        let mut conn = Lease::take(&self.pool).await?;
        let (resent, answered, enqueued) = conn
            .transaction::<_, Error, _>(async |conn| {
                let (mut resent, mut messages, mut answered) = (Vec::new(), Vec::new(), Vec::new());
                if self.begin(conn, true).await?.is_none() {
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

    /// Begins a step, unless another replica is at it, or the relay, if asked for, is behind: it has the requests still, and
    /// more of them would feed the overload.
    async fn begin(
        &self,
        conn: &mut AsyncPgConnection,
        ask_for_relay: bool,
    ) -> QueryResult<Option<Sweeping>> {
        let sweeping = store::begin_sweep(conn, self.after, ask_for_relay).await?;
        Ok(sweeping.filter(|sweeping| !sweeping.relay_is_behind))
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

//! Retention: keeps the inbox from growing for ever.
//!
//! The inbox has a partition for each day, and what is older than the horizon is dropped with its partition. Once a
//! horizon has passed, a message that comes again is new to the inbox; a handler whose effects matter for longer keeps a
//! record of its own.

use std::time::Duration;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use metrics::counter;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::error::within;
use crate::lease::Lease;
use crate::{Error, Pool};

/// The time that a partition holds.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Partitions are made a week ahead, so that missing many of these does no harm.
const INTERVAL: Duration = Duration::from_secs(60 * 60);
/// After a failure, or when somebody was in the way. Not sooner: consumers wait while it waits for them.
const RETRY: Duration = Duration::from_secs(60);
/// A call takes milliseconds; only a silent network takes longer.
const RUN_LIMIT: Duration = Duration::from_secs(10);

/// The upkeep of one inbox. Run it on a task of its own, in as many processes as there are: one at a time works.
///
/// The pool's role must be allowed to execute the function `inbox_upkeep` and needs no other right for it.
pub struct Retention {
    /// The database that has the inbox; a connection is taken for each run.
    pub pool: Pool,
    /// How long ids are kept: longer than a message can take from its sender's commit to its last delivery.
    pub horizon: Duration,
}

/// What [`run_once`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upkeep {
    /// Partitions that were wholly older than the horizon.
    pub partitions_dropped: i32,
    /// Partitions for now and for what comes.
    pub partitions_created: i32,
    /// Ids that had no partition of their own and were received before the horizon. If there are any, there may be more.
    pub rows_deleted: i32,
    /// Whether something was left undone because somebody held a lock for too long.
    pub gave_way: bool,
}

impl Retention {
    /// Works now and every hour until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut pause = Duration::ZERO;
        while shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
            let Some(done) = shutdown.run_until_cancelled(self.upkeep()).await else { return };
            pause = match done {
                Ok(done) if done.gave_way => RETRY,
                Ok(done) if done.rows_deleted > 0 => Duration::ZERO,
                Ok(_) => INTERVAL,
                Err(error) => {
                    warn!(%error, "retention: the inbox keeps more than it should; trying again");
                    counter!("messaging_retention_failures_total").increment(1);
                    RETRY
                }
            };
        }
    }

    async fn upkeep(&self) -> Result<Upkeep, Error> {
        let mut conn = Lease::take(&self.pool).await?;
        let upkeep = run_once(&mut conn, self.horizon, DAY);
        let done = within(RUN_LIMIT, "the inbox's upkeep", upkeep).await?;
        conn.give_back();
        Ok(done)
    }
}

/// Drops what is older than `horizon` and makes partitions of `width` for now and the next seven widths.
///
/// In production the width is a [`DAY`]; with one of a second (at least) and a horizon of a few, a test sees weeks pass.
/// If another session is at it, this one does nothing.
///
/// # Errors
/// The database's. Nothing was done.
pub async fn run_once(
    conn: &mut AsyncPgConnection,
    horizon: Duration,
    width: Duration,
) -> QueryResult<Upkeep> {
    let (horizon_seconds, width_seconds) = (&horizon.as_secs_f64(), &width.as_secs_f64());
    let (partitions_dropped, partitions_created, rows_deleted, gave_way) =
        InboxUpkeep { horizon_seconds, width_seconds }.get_result(conn).await?;
    let done = Upkeep { partitions_dropped, partitions_created, rows_deleted, gave_way };
    if partitions_dropped > 0 || rows_deleted > 0 {
        info!(partitions_dropped, rows_deleted, "retention: the inbox forgot what is older than the horizon");
        counter!("messaging_inbox_partitions_dropped_total")
            .increment(partitions_dropped.unsigned_abs().into());
        counter!("messaging_inbox_rows_deleted_total").increment(rows_deleted.unsigned_abs().into());
    }
    Ok(done)
}

crate::statement! {
    struct InboxUpkeep { horizon_seconds: f64 => Double, width_seconds: f64 => Double } -> (Integer, Integer, Integer, Bool)
    "-- inbox_upkeep
     SELECT partitions_dropped, partitions_created, rows_deleted, gave_way
     FROM inbox_upkeep(make_interval(secs => {horizon_seconds}), make_interval(secs => {width_seconds}))"
}

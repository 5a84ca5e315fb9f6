//! The figures of a run, from its evidence.

use std::collections::BTreeMap;

use serde::Serialize;
use stack::{Error, Result};
use tokio_postgres::Row;

use super::super::evidence::Evidence;

/// Buckets of the picture, at most: seconds of a run of ten minutes.
const BUCKETS: u64 = 600;

/// What was counted.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Figures {
    /// Operations by what their clients know in the end.
    pub(crate) operations: BTreeMap<String, i64>,
    /// Orders that exist.
    pub(crate) orders: i64,
    pub(crate) orders_acknowledged: i64,
    pub(crate) finished: i64,
    pub(crate) cancelled: i64,
    /// Of the cancelled ones, those that were never paid because their users did not want them any more.
    pub(crate) cancelled_by_user: i64,
    /// Of the cancelled ones, those that were paid back.
    pub(crate) refunded: i64,
    /// Orders that are on their way, or were.
    pub(crate) shipped: i64,
    pub(crate) delivered: i64,
    /// Cancellations that came too late.
    pub(crate) cancellations_refused: i64,
    pub(crate) deposits: i64,
    pub(crate) accounts: i64,
    /// From an order's creation to its settling, by the services' and the database's clocks, for orders that were created
    /// before anything was wrong, and while each kind of fault was.
    pub(crate) times: Vec<TimeToFinal>,
    /// What a bucket of the picture spans.
    pub(crate) bucket_ms: i64,
    pub(crate) buckets: Vec<Bucket>,
}

/// How long orders took that were created at one kind of time.
#[derive(Debug, Serialize)]
pub(crate) struct TimeToFinal {
    /// The kind of fault, or `healthy`: two seconds before the first one and earlier.
    pub(crate) during: String,
    pub(crate) orders: i64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: i64,
}

/// A moment of the run.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Bucket {
    /// Operations that were acknowledged then.
    pub(crate) acknowledged: i64,
    /// Orders that became final then.
    pub(crate) settled: i64,
    /// Of orders that were created then: how long they took.
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    pub(crate) max_ms: Option<i64>,
}

/// For two seconds after a fault was healed, orders still belong to it. Between faults the system catches up: those seconds
/// show neither health nor a kind of fault.
const TIMES: &str = "
    CREATE TEMPORARY TABLE span AS
        SELECT fault, int8range(began_ms, ended_ms + 2000, '[]') AS span FROM faults WHERE took_effect;
    CREATE INDEX ON span USING gist (span);
    CREATE TEMPORARY TABLE took AS
        SELECT id, created_ms, settled_ms - created_ms AS ms FROM orders WHERE settled_ms IS NOT NULL;
    ANALYZE span, took";

const TIMES_BY_KIND: &str = "
    SELECT during, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY ms),
           percentile_cont(0.99) WITHIN GROUP (ORDER BY ms), max(ms)
    FROM (
        SELECT 'healthy' AS during, ms FROM took
        WHERE created_ms < coalesce((SELECT min(lower(span)) - 2000 FROM span), created_ms + 1)
        UNION ALL
        SELECT fault, ms FROM (SELECT DISTINCT fault FROM span) AS kinds, took
        WHERE EXISTS (SELECT FROM span WHERE span.fault = kinds.fault AND span @> created_ms)
    ) AS times GROUP BY during ORDER BY during <> 'healthy', during";

/// Reads them.
pub(crate) async fn figures(evidence: &Evidence, end_ms: u64) -> Result<Figures> {
    let failed = |source| Error::Postgres { doing: "counting".into(), source };
    read(evidence, end_ms).await.map_err(failed)
}

async fn read(evidence: &Evidence, end_ms: u64) -> std::result::Result<Figures, tokio_postgres::Error> {
    let database = evidence.database();
    let mut figures = Figures::default();
    for row in database.try_rows("SELECT outcome, count(*) FROM operations GROUP BY outcome", &[]).await? {
        figures.operations.insert(row.get(0), row.get(1));
    }
    let counts = "SELECT count(*), count(*) FILTER (WHERE status = 'FINISHED'),
                         count(*) FILTER (WHERE status = 'CANCELLED'),
                         (SELECT count(*) FROM operations WHERE kind = 'order' AND outcome = 'ok'),
                         (SELECT count(*) FROM transactions WHERE type = 'CREDIT' AND reference_order_id IS NULL),
                         (SELECT count(*) FROM accounts)
                  FROM orders";
    let row = &database.try_rows(counts, &[]).await?[0];
    [figures.orders, figures.finished, figures.cancelled] = [row.get(0), row.get(1), row.get(2)];
    [figures.orders_acknowledged, figures.deposits, figures.accounts] = [row.get(3), row.get(4), row.get(5)];
    let fates = "SELECT count(*) FILTER (WHERE cancel_reason = 'CANCELLED_BY_USER'),
                        count(*) FILTER (WHERE cancel_reason = 'REFUNDED'),
                        count(shipped_ms), count(delivered_ms),
                        (SELECT count(*) FROM operations WHERE kind = 'cancel' AND outcome = 'refused')
                 FROM orders";
    let row = &database.try_rows(fates, &[]).await?[0];
    [figures.cancelled_by_user, figures.refunded] = [row.get(0), row.get(1)];
    [figures.shipped, figures.delivered, figures.cancellations_refused] =
        [row.get(2), row.get(3), row.get(4)];
    database.execute(TIMES).await?;
    figures.times = database.try_rows(TIMES_BY_KIND, &[]).await?.iter().map(time_to_final).collect();
    figures.bucket_ms = end_ms.div_ceil(BUCKETS).max(1000) as i64;
    let count = end_ms.div_ceil(figures.bucket_ms as u64);
    figures.buckets = (0..count).map(|_| Bucket::default()).collect();
    fill_buckets(database, &mut figures).await?;
    Ok(figures)
}

async fn fill_buckets(
    database: &crate::Database,
    figures: &mut Figures,
) -> std::result::Result<(), tokio_postgres::Error> {
    let bucket_ms = figures.bucket_ms;
    let acknowledged = "SELECT returned_ms / $1, count(*) FROM operations WHERE outcome = 'ok' GROUP BY 1";
    let settled = "SELECT settled_ms / $1, count(*) FROM orders WHERE settled_ms IS NOT NULL GROUP BY 1";
    let times = "SELECT created_ms / $1, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms),
                        percentile_cont(0.99) WITHIN GROUP (ORDER BY ms), max(ms) FROM took GROUP BY 1";
    for row in database.try_rows(acknowledged, &[&bucket_ms]).await? {
        if let Some(bucket) = bucket(figures, &row) {
            bucket.acknowledged = row.get(1);
        }
    }
    for row in database.try_rows(settled, &[&bucket_ms]).await? {
        if let Some(bucket) = bucket(figures, &row) {
            bucket.settled = row.get(1);
        }
    }
    for row in database.try_rows(times, &[&bucket_ms]).await? {
        if let Some(bucket) = bucket(figures, &row) {
            (bucket.p50_ms, bucket.p99_ms, bucket.max_ms) = (row.get(1), row.get(2), row.get(3));
        }
    }
    Ok(())
}

fn bucket<'a>(figures: &'a mut Figures, row: &Row) -> Option<&'a mut Bucket> {
    let number: i64 = row.get(0);
    figures.buckets.get_mut(usize::try_from(number).ok()?)
}

fn time_to_final(row: &Row) -> TimeToFinal {
    TimeToFinal {
        during: row.get(0),
        orders: row.get(1),
        p50_ms: row.get(2),
        p99_ms: row.get(3),
        max_ms: row.get(4),
    }
}

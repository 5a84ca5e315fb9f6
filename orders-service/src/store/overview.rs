//! How things are going, for operators.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::sweep::first_id_at;

/// Of these, the latest, the times are taken.
const SAMPLE: i64 = 1_000;

/// How fast orders come and become final.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    pub at: DateTime<Utc>,
    /// Created in the second before the last one, which may yet have some to commit.
    pub orders_per_second: i64,
    /// Milliseconds from creation to settling, of the latest orders of the last minute.
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
}

/// Looks, by this process's clock.
pub(crate) async fn pace(conn: &mut AsyncPgConnection) -> QueryResult<Pace> {
    let at = Utc::now();
    let before = |seconds| first_id_at(at - TimeDelta::seconds(seconds));
    let look = LookAtPace { from: &before(2), to: &before(1), since: &before(60), sample: &SAMPLE };
    let (orders_per_second, p50_ms, p99_ms) = look.get_result(conn).await?;
    Ok(Pace { at, orders_per_second, p50_ms, p99_ms })
}

messaging::statement! {
    struct LookAtPace {
        from: uuid::Uuid => Uuid,
        to: uuid::Uuid => Uuid,
        since: uuid::Uuid => Uuid,
        sample: i64 => BigInt,
    } -> (BigInt, Nullable<Double>, Nullable<Double>)
    "-- orders_pace
     SELECT (SELECT count(*) FROM orders WHERE id >= {from} AND id < {to}),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY ms), percentile_cont(0.99) WITHIN GROUP (ORDER BY ms)
     FROM (
         SELECT (extract(epoch FROM settled_at - created_at) * 1000)::double precision AS ms
         FROM (SELECT settled_at, created_at FROM orders WHERE id >= {since} ORDER BY id DESC LIMIT {sample}) AS latest
         WHERE settled_at IS NOT NULL
     ) AS times"
}

//! Moving paid orders on, a batch at a time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::result::OptionalExtension;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::OrderChange;

/// Begins a tick if the latest one began at least `interval` ago, by the database's clock: whichever replica asks first
/// has it. Returns the last step that belongs to it. Steps that follow from steps of the tick come later, so that no order
/// makes two of them.
pub(crate) async fn begin_tick(conn: &mut AsyncPgConnection, interval: Duration) -> QueryResult<Option<i64>> {
    let tick = BeginTick { interval_seconds: &interval.as_secs_f64() };
    let last: Option<(i64,)> = tick.get_result(conn).await.optional()?;
    Ok(last.map(|(last,)| last))
}

/// What came of a batch of steps.
pub(crate) struct Stepped {
    /// How many steps were due; fewer than `limit` if no more are.
    pub due: usize,
    /// How the orders stand that made one. Those that are to be cancelled make none.
    pub changes: Vec<OrderChange>,
}

/// Makes the oldest steps up to `last` that no other replica is making, `limit` at most.
pub(crate) async fn step(conn: &mut AsyncPgConnection, last: i64, limit: i64) -> QueryResult<Stepped> {
    let rows: Vec<(Option<Uuid>, Option<Uuid>, Option<i64>, Option<bool>, Option<DateTime<Utc>>)> =
        MakeSteps { last: &last, limit: &limit }.load(conn).await?;
    let due = rows.len();
    let change =
        |(id, user_id, amount, is_delivered, at): (Option<_>, Option<_>, Option<_>, Option<_>, Option<_>)| {
            Some(OrderChange {
                id: id?,
                user_id: user_id?,
                amount: amount?,
                description: None,
                status: "FINISHED",
                cancel_reason: None,
                cancel_requested: false,
                delivery_status: Some(if is_delivered? { "DELIVERED" } else { "SHIPPED" }),
                at: at?,
            })
        };
    Ok(Stepped { due, changes: rows.into_iter().filter_map(change).collect() })
}

messaging::statement! {
    struct BeginTick { interval_seconds: f64 => Double } -> (BigInt,)
    "-- orders_begin_delivery_tick
     UPDATE delivery_tick SET began_at = clock_timestamp(),
            last_delivery_id = coalesce((SELECT max(id) FROM deliveries), last_delivery_id)
     WHERE single AND began_at <= clock_timestamp() - {interval_seconds} * interval '1 second'
     RETURNING last_delivery_id"
}

messaging::statement! {
    struct MakeSteps { last: i64 => BigInt, limit: i64 => BigInt }
        -> (Nullable<Uuid>, Nullable<Uuid>, Nullable<BigInt>, Nullable<Bool>, Nullable<Timestamptz>)
    "-- orders_make_delivery_steps
     WITH due AS (
         DELETE FROM deliveries WHERE id = ANY (ARRAY (
             SELECT id FROM deliveries WHERE id <= {last} ORDER BY id LIMIT {limit} FOR UPDATE SKIP LOCKED
         ))
         RETURNING id, order_id
     ), stepped AS (
         UPDATE orders SET updated_at = now(),
                delivery_status = CASE delivery_status WHEN 'PENDING' THEN 'SHIPPED' ELSE 'DELIVERED' END,
                shipped_at = coalesce(shipped_at, now()),
                delivered_at = CASE delivery_status WHEN 'SHIPPED' THEN now() END
         WHERE id = ANY (ARRAY (SELECT order_id FROM due))
           AND delivery_status IN ('PENDING', 'SHIPPED') AND cancel_requested_at IS NULL
         RETURNING id, user_id, amount, delivery_status = 'DELIVERED' AS is_delivered, updated_at
     ), next AS (
         INSERT INTO deliveries (order_id)
         SELECT order_id FROM due JOIN stepped ON stepped.id = order_id WHERE NOT is_delivered ORDER BY due.id
     )
     SELECT stepped.* FROM due LEFT JOIN stepped ON stepped.id = order_id"
}

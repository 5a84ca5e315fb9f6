//! Finding orders whose payment was asked for and never answered.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use contracts::Amount;
use diesel::QueryResult;
use diesel::result::Error::DeserializationError;
use diesel::result::OptionalExtension;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use messaging::outbox::Message;
use uuid::Uuid;

use crate::domain::payment_request;

/// How much older than the age at which orders are swept an order must be before the watermark may pass it. An
/// id is made at most ten seconds before its statement runs (see `store::create`), and statements end in five.
const COMMIT_LAG: Duration = Duration::from_secs(15);

/// An order that was asked for this often, over more than a day and with the queues empty each time, will not be
/// answered: it is a matter for an operator, and must not keep the watermark, and so every sweep, at its age.
const HOPELESS_RESENDS: i16 = 12;

/// A sweep in progress: the only one, for it holds the lock on the watermark.
pub(crate) struct Sweeping {
    watermark: Uuid,
    /// The database's clock, by which every replica sweeps.
    now: DateTime<Utc>,
    /// Messages have waited in the outbox for as long as an order before it is swept: the relay is behind.
    pub relay_behind: bool,
}

/// Begins a sweep within the caller's transaction, and moves the watermark up to the oldest order that is NEW;
/// `None` if another replica sweeps right now.
pub(crate) async fn begin_sweep(
    conn: &mut AsyncPgConnection,
    after: Duration,
) -> QueryResult<Option<Sweeping>> {
    let lock = Lock { after_seconds: &after.as_secs_f64() };
    let locked: Option<(Uuid, DateTime<Utc>, bool)> = lock.get_result(conn).await.optional()?;
    let Some((watermark, now, relay_behind)) = locked else {
        return Ok(None);
    };
    let bound = first_id_at(now - (after + COMMIT_LAG));
    let mut sweeping = Sweeping { watermark, now, relay_behind };
    if bound > watermark {
        let oldest: Option<(Uuid,)> = OldestNew { from: &watermark, to: &bound, hopeless: &HOPELESS_RESENDS }
            .get_result(conn)
            .await
            .optional()?;
        sweeping.watermark = oldest.map_or(bound, |(id,)| id);
        SetWatermark { watermark: &sweeping.watermark }.execute(conn).await?;
    }
    Ok(Some(sweeping))
}

/// The requests of orders that are NEW and due to be asked for again, oldest first, `limit` at most: `after`
/// their creation, and then after twice as long each time.
pub(crate) async fn unpaid_orders(
    conn: &mut AsyncPgConnection,
    sweeping: &Sweeping,
    after: Duration,
    limit: i64,
) -> QueryResult<Vec<(Uuid, Message)>> {
    let rows: Vec<(Uuid, Uuid, i64, String, DateTime<Utc>)> = Unpaid {
        from: &sweeping.watermark,
        to: &first_id_at(sweeping.now - after),
        after_seconds: &after.as_secs_f64(),
        limit: &limit,
    }
    .load(conn)
    .await?;
    rows.into_iter()
        .map(|(id, user_id, minor, description, created_at)| {
            let amount = Amount::try_from(minor).map_err(|error| DeserializationError(error.into()))?;
            Ok((id, payment_request(id, user_id, amount, &description, created_at)))
        })
        .collect()
}

/// Notes that the payment of `orders` was asked for again.
pub(crate) async fn mark_resent(conn: &mut AsyncPgConnection, orders: &Vec<Uuid>) -> QueryResult<usize> {
    MarkResent { orders }.execute(conn).await
}

/// The smallest UUID v7 of that millisecond.
fn first_id_at(time: DateTime<Utc>) -> Uuid {
    let millis = (time - DateTime::UNIX_EPOCH).max(TimeDelta::zero()).num_milliseconds();
    uuid::Builder::from_unix_timestamp_millis(millis.cast_unsigned(), &[0; 10]).into_uuid()
}

messaging::statement! {
    struct Lock { after_seconds: f64 => Double } -> (Uuid, Timestamptz, Bool)
    "-- orders_sweep_lock
     SELECT watermark, clock_timestamp(), coalesce((
         SELECT created_at < clock_timestamp() - {after_seconds} * interval '1 second'
         FROM outbox ORDER BY id LIMIT 1
     ), false)
     FROM sweep FOR UPDATE SKIP LOCKED"
}

messaging::statement! {
    struct OldestNew { from: uuid::Uuid => Uuid, to: uuid::Uuid => Uuid, hopeless: i16 => SmallInt } -> (Uuid,)
    "-- orders_oldest_new
     SELECT id FROM orders
     WHERE id >= {from} AND id < {to} AND status = 'NEW' AND resends < {hopeless}
     ORDER BY id LIMIT 1"
}

messaging::statement! {
    struct SetWatermark { watermark: uuid::Uuid => Uuid } -> ()
    "-- orders_sweep_set_watermark
     UPDATE sweep SET watermark = {watermark}"
}

messaging::statement! {
    struct Unpaid {
        from: uuid::Uuid => Uuid,
        to: uuid::Uuid => Uuid,
        after_seconds: f64 => Double,
        limit: i64 => BigInt,
    } -> (Uuid, Uuid, BigInt, Text, Timestamptz)
    "-- orders_unpaid
     SELECT id, user_id, amount, description, created_at FROM orders
     WHERE id >= {from} AND id < {to} AND status = 'NEW'
       AND coalesce(resent_at, created_at) < now() - {after_seconds} * 2 ^ least(resends, 10) * interval '1 second'
     ORDER BY id LIMIT {limit}"
}

messaging::statement! {
    struct MarkResent { orders: Vec<uuid::Uuid> => Array<Uuid> } -> ()
    "-- orders_mark_resent
     UPDATE orders SET resends = least(resends + 1, 1000), resent_at = now()
     WHERE id = ANY ({orders}) AND status = 'NEW'"
}

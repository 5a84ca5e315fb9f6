//! Finding orders for which payments-service was asked something and never answered.
//!
//! A watermark moves over the orders, oldest first. Those that are NEW when it passes are noted in the table
//! `unanswered`, so that it never waits for any of them and no order is looked at twice. Those that are to be cancelled
//! are noted when that is asked for.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use contracts::Amount;
use diesel::QueryResult;
use diesel::result::Error::DeserializationError;
use diesel::result::OptionalExtension;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use messaging::outbox::Message;
use uuid::Uuid;

use crate::domain::{cancel_request, payment_request};

/// The watermark stays this far behind the clock: an order with a smaller id may yet commit. An id is made at most ten
/// seconds before its statement runs, by the database's clock (see `store::create`), and statements end in five; the rest
/// is for commits that take long.
const COMMIT_LAG: Duration = Duration::from_secs(30);

/// A sweep in progress: the only one, for it holds the lock on the watermark.
pub(crate) struct Sweeping {
    /// Every order with a smaller id is final or noted as unanswered.
    pub watermark: Uuid,
    /// The database's clock, by which every replica sweeps.
    now: DateTime<Utc>,
    /// It was asked for, and messages have waited in the outbox for as long as an order before it is swept.
    pub relay_is_behind: bool,
}

/// How far a sweep is that has looked at some of its orders.
#[derive(Clone, Copy)]
pub(crate) struct Progress {
    /// Where the rest begins.
    next: Uuid,
    /// All orders with smaller ids had committed when it began. The watermark stays here: what was looked at from here on
    /// has to be looked at again.
    settled: Uuid,
}

/// An order that was noted.
pub(crate) enum Unanswered {
    /// It is NEW, or to be cancelled: what to ask for again.
    Still(Uuid, Vec<Message>),
    /// It waits for nothing.
    NoLonger(Uuid),
}

/// Begins a step of a sweep within the caller's transaction; `None` if another replica is at it right now. Whether the relay
/// is behind is asked for at times only: the server steps over each message that was deleted since the last vacuum, which
/// under load takes milliseconds.
pub(crate) async fn begin_sweep(
    conn: &mut AsyncPgConnection,
    after: Duration,
    ask_for_relay: bool,
) -> QueryResult<Option<Sweeping>> {
    let lock = Lock { ask_for_relay: &ask_for_relay, after_seconds: &after.as_secs_f64() };
    let locked: Option<(Uuid, DateTime<Utc>, bool)> = lock.get_result(conn).await.optional()?;
    Ok(locked.map(|(watermark, now, relay_is_behind)| Sweeping { watermark, now, relay_is_behind }))
}

/// Notes those that are NEW of the next `limit` orders that are older than `after`, from where the sweep is, or from the
/// watermark on, and moves the watermark. Returns how far the sweep is, if there is more.
pub(crate) async fn note_unanswered(
    conn: &mut AsyncPgConnection,
    sweeping: &Sweeping,
    progress: Option<Progress>,
    after: Duration,
    limit: i64,
) -> QueryResult<Option<Progress>> {
    let settled =
        progress.map_or_else(|| first_id_at(sweeping.now - COMMIT_LAG), |progress| progress.settled);
    // Another replica may be further by now.
    let from = progress.map_or(sweeping.watermark, |progress| progress.next.max(sweeping.watermark));
    let end = first_id_at(sweeping.now - after);
    let page = Note { from: &from, to: &end, limit: &limit };
    let (last, orders): (Option<Uuid>, i64) = page.get_result(conn).await?;
    let next = last.filter(|_| orders == limit);
    let watermark = next.unwrap_or(end).min(settled);
    if watermark > sweeping.watermark {
        SetWatermark { watermark: &watermark }.execute(conn).await?;
    }
    Ok(next.map(|next| Progress { next, settled }))
}

/// Orders that were noted and are due to be asked for, `limit` at most.
pub(crate) async fn unanswered(conn: &mut AsyncPgConnection, limit: i64) -> QueryResult<Vec<Unanswered>> {
    let rows: Vec<(Uuid, Uuid, i64, String, DateTime<Utc>, bool, Option<DateTime<Utc>>)> =
        DueUnanswered { limit: &limit }.load(conn).await?;
    rows.into_iter()
        .map(|(id, user_id, minor, description, created_at, is_new, cancelling_since)| {
            let amount = Amount::try_from(minor).map_err(|error| DeserializationError(error.into()))?;
            let payment = is_new.then(|| payment_request(id, user_id, amount, &description, created_at));
            let cancel = cancelling_since.map(|time| cancel_request(id, user_id, amount, time));
            let requests: Vec<Message> = payment.into_iter().chain(cancel).collect();
            Ok(if requests.is_empty() { Unanswered::NoLonger(id) } else { Unanswered::Still(id, requests) })
        })
        .collect()
}

/// Notes that `orders` were asked for again: each is due after twice as long as the last time, `after` at
/// first.
pub(crate) async fn mark_resent(
    conn: &mut AsyncPgConnection,
    orders: &Vec<Uuid>,
    after: Duration,
) -> QueryResult<usize> {
    MarkResent { after_seconds: &after.as_secs_f64(), orders }.execute(conn).await
}

/// Takes `orders`, which waited for nothing, off the note.
pub(crate) async fn forget_unanswered(
    conn: &mut AsyncPgConnection,
    orders: &Vec<Uuid>,
) -> QueryResult<usize> {
    ForgetUnanswered { orders }.execute(conn).await
}

/// The smallest UUID v7 of that millisecond.
pub(super) fn first_id_at(time: DateTime<Utc>) -> Uuid {
    let millis = (time - DateTime::UNIX_EPOCH).max(TimeDelta::zero()).num_milliseconds();
    uuid::Builder::from_unix_timestamp_millis(millis.cast_unsigned(), &[0; 10]).into_uuid()
}

messaging::statement! {
    struct Lock { ask_for_relay: bool => Bool, after_seconds: f64 => Double } -> (Uuid, Timestamptz, Bool)
    "-- orders_sweep_lock
     SELECT watermark, clock_timestamp(), CASE WHEN {ask_for_relay} THEN coalesce((
         SELECT created_at < clock_timestamp() - {after_seconds} * interval '1 second'
         FROM outbox ORDER BY id LIMIT 1
     ), false) ELSE false END
     FROM sweep FOR UPDATE SKIP LOCKED"
}

messaging::statement! {
    struct Note { from: uuid::Uuid => Uuid, to: uuid::Uuid => Uuid, limit: i64 => BigInt } -> (Nullable<Uuid>, BigInt)
    "-- orders_sweep_note
     WITH page AS MATERIALIZED (
         SELECT id, status FROM orders WHERE id >= {from} AND id < {to} ORDER BY id LIMIT {limit}
     ), noted AS (
         INSERT INTO unanswered (order_id) SELECT id FROM page WHERE status = 'NEW' ON CONFLICT DO NOTHING
     )
     SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM page)"
}

messaging::statement! {
    struct SetWatermark { watermark: uuid::Uuid => Uuid } -> ()
    "-- orders_sweep_set_watermark
     UPDATE sweep SET watermark = {watermark}"
}

messaging::statement! {
    // Their notes are locked: an order that is to be cancelled meanwhile is noted anew afterwards.
    struct DueUnanswered { limit: i64 => BigInt } -> (Uuid, Uuid, BigInt, Text, Timestamptz, Bool, Nullable<Timestamptz>)
    "-- orders_due_unanswered
     SELECT id, user_id, amount, description, created_at, status = 'NEW',
            CASE WHEN status <> 'CANCELLED' THEN cancel_requested_at END
     FROM orders
     WHERE id = ANY (ARRAY (
         SELECT order_id FROM unanswered WHERE due_at <= now() ORDER BY due_at LIMIT {limit} FOR UPDATE SKIP LOCKED
     ))"
}

messaging::statement! {
    struct MarkResent { after_seconds: f64 => Double, orders: Vec<uuid::Uuid> => Array<Uuid> } -> ()
    "-- orders_mark_resent
     UPDATE unanswered SET resends = least(resends + 1, 1000),
         due_at = now() + {after_seconds} * 2 ^ least(resends, 10) * interval '1 second'
     WHERE order_id = ANY ({orders})"
}

messaging::statement! {
    // One that is not due any more was noted anew since it was looked at: it is to be cancelled.
    struct ForgetUnanswered { orders: Vec<uuid::Uuid> => Array<Uuid> } -> ()
    "-- orders_forget_unanswered
     DELETE FROM unanswered WHERE order_id = ANY ({orders}) AND due_at <= now()"
}

//! Cancelling (transaction T6 of docs/MESSAGING.md): noting that somebody wants it, and asking payments-service what becomes of the money.

use std::time::Duration;

use chrono::{DateTime, Utc};
use contracts::Amount;
use diesel::prelude::*;
use diesel::result::Error::DeserializationError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use messaging::{crash_point, outbox};
use uuid::Uuid;

use super::read::Row;
use super::schema::orders;
use crate::domain::{Cancelling, Order, cancel_request};

/// What came of it.
pub(crate) struct Cancelled {
    pub cancelling: Cancelling,
    /// As it is then.
    pub order: Order,
    /// The request, if there was one to make.
    pub enqueued: Vec<outbox::Row>,
}

/// Asks for an order to be cancelled if that makes sense; `None` if there is no such order. The sweep asks again after
/// `again_after`. Must run in a transaction.
pub(crate) async fn cancel(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    again_after: Duration,
) -> QueryResult<Option<Cancelled>> {
    // Under its lock the order is neither settled nor shipped.
    let row = orders::table.find(id).select(Row::as_select()).for_no_key_update().first(conn).await;
    let Some(mut order) = row.optional()?.map(Order::from) else {
        return Ok(None);
    };
    let cancelling = order.cancelling();
    let mut enqueued = Vec::new();
    if cancelling == Cancelling::Ask {
        let (now,): (DateTime<Utc>,) = MarkCancelled { id: &id }.get_result(conn).await?;
        (order.cancel_requested_at, order.updated_at) = (Some(now), now);
        let amount = Amount::try_from(order.amount).map_err(|error| DeserializationError(error.into()))?;
        enqueued = outbox::enqueue(conn, vec![cancel_request(id, order.user_id, amount, now)]).await?;
        NoteUnanswered { id: &id, after_seconds: &again_after.as_secs_f64() }.execute(conn).await?;
        crash_point!("cancel.requested");
    }
    Ok(Some(Cancelled { cancelling, order, enqueued }))
}

messaging::statement! {
    struct MarkCancelled { id: uuid::Uuid => Uuid } -> (Timestamptz,)
    "-- orders_mark_cancelled
     UPDATE orders SET cancel_requested_at = now(), updated_at = now() WHERE id = {id}
     RETURNING cancel_requested_at"
}

messaging::statement! {
    // An order that is noted already starts anew: its next request is due when this one may be lost.
    struct NoteUnanswered { id: uuid::Uuid => Uuid, after_seconds: f64 => Double } -> ()
    "-- orders_note_cancelled
     INSERT INTO unanswered (order_id, due_at) VALUES ({id}, clock_timestamp() + {after_seconds} * interval '1 second')
     ON CONFLICT (order_id) DO UPDATE SET resends = 0, due_at = excluded.due_at"
}

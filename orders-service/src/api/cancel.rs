//! Cancelling orders.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use messaging::broadcast::Voice;
use messaging::{Handoff, Pool, crash_point};
use service_runtime::database;
use service_runtime::http::{IdempotencyKey, Problem};
use uuid::Uuid;

use super::order_not_found;
use crate::domain::{Cancelling, Order, OrderChange, tell};
use crate::store::{self, Cancelled};

/// What asking for a refund takes besides the database.
pub(crate) struct Canceller {
    /// The way to the relay.
    pub handoff: Handoff,
    pub voice: Voice,
    /// When the sweep asks again.
    pub again_after: Duration,
}

/// A repetition is harmless by itself: a key is checked, and has nothing to add.
pub(super) async fn cancel(
    pool: Data<Pool>,
    canceller: Data<Canceller>,
    order: Path<Uuid>,
    _: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let id = order.into_inner();
    let found = database::run(&pool, move |conn| Box::pin(ask(conn, canceller.into_inner(), id))).await?;
    let (cancelling, order) = found.ok_or_else(|| order_not_found(id))?;
    match cancelling {
        Cancelling::Ask | Cancelling::Asked => Ok(HttpResponse::Accepted().json(order)),
        Cancelling::Done => Ok(HttpResponse::Ok().json(order)),
        Cancelling::TooLate => {
            let standing = order.delivery_status.unwrap_or_default();
            let detail = format!("Order {id} is {standing} and can't be cancelled any more.");
            let title = "The order has been shipped";
            Err(Problem::new(StatusCode::CONFLICT, "order_shipped", title, detail))
        }
    }
}

/// What is committed is told, even if nobody waits for the answer any more.
async fn ask(
    conn: &mut AsyncPgConnection,
    canceller: Arc<Canceller>,
    id: Uuid,
) -> QueryResult<Option<(Cancelling, Order)>> {
    let Canceller { handoff, voice, again_after } = &*canceller;
    let cancel = conn.transaction(async move |conn| store::cancel(conn, id, *again_after).await);
    let Some(Cancelled { cancelling, order, enqueued }) = cancel.await.inspect_err(|_| voice.unsure())?
    else {
        return Ok(None);
    };
    if cancelling == Cancelling::Ask {
        handoff.send(enqueued);
        tell(voice, &[OrderChange::cancel_requested(&order)]);
        crash_point!("cancel.committed");
    }
    Ok(Some((cancelling, order)))
}

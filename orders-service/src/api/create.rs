//! Creating orders.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use contracts::Amount;
use serde::{Deserialize, Serialize};
use service_runtime::http::{IDEMPOTENT_REPLAYED, IdempotencyKey, JsonBody, Problem};
use uuid::Uuid;

use crate::committer::{Committer, Failure};
use crate::domain::{Description, NewOrder, Order};
use crate::store::Creation;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    amount: Amount,
    description: String,
}

pub(super) async fn create(
    committer: Data<Committer>,
    user: Path<Uuid>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    JsonBody(Request { amount, description }): JsonBody<Request>,
) -> Result<HttpResponse, Problem> {
    let description = Description::try_from(description).map_err(Problem::invalid_request)?;
    let order = NewOrder { user_id: user.into_inner(), amount, description, idempotency_key };
    let Placed { order, replayed } = place(&committer, order).await?;
    Ok(created(&order, format!("/orders/status/{}", order.id), replayed))
}

/// An order that is stored.
pub(super) struct Placed {
    pub order: Order,
    /// It was before: this is the first answer again.
    pub replayed: bool,
}

pub(super) async fn place(committer: &Committer, order: NewOrder) -> Result<Placed, Problem> {
    let creation = committer.create(order).await.map_err(|failure| match failure {
        Failure::Overloaded => Problem::overloaded(),
        Failure::Unavailable => Problem::database_unavailable(),
    })?;
    match creation {
        Creation::Created(order) => Ok(Placed { order, replayed: false }),
        Creation::Replayed(order) => Ok(Placed { order, replayed: true }),
        Creation::KeyReused => Err(Problem::idempotency_key_reused()),
        Creation::Unresolved => Err(Problem::database_unavailable()),
        Creation::ClockBehind => {
            tracing::error!("this machine's clock is more than 10 s behind the database's: set it right");
            Err(Problem::database_unavailable())
        }
    }
}

/// 201 with `order`, to be asked for at `location`.
pub(super) fn created(order: &impl Serialize, location: String, replayed: bool) -> HttpResponse {
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, location));
    if replayed {
        response.insert_header((IDEMPOTENT_REPLAYED, "true"));
    }
    response.json(order)
}

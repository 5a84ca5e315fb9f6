//! Creating orders.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use contracts::Amount;
use serde::Deserialize;
use service_runtime::http::{IDEMPOTENT_REPLAYED, IdempotencyKey, JsonBody, Problem};
use uuid::Uuid;

use crate::committer::{Committer, Failure};
use crate::domain::{Description, NewOrder};
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
    let creation = committer.create(order).await.map_err(|failure| match failure {
        Failure::Overloaded => Problem::overloaded(),
        Failure::Unavailable => Problem::database_unavailable(),
    })?;
    let (order, replayed) = match creation {
        Creation::Created(order) => (order, false),
        Creation::Replayed(order) => (order, true),
        Creation::KeyReused => return Err(Problem::idempotency_key_reused()),
        Creation::Unresolved => return Err(Problem::database_unavailable()),
        Creation::ClockBehind => {
            tracing::error!("this machine's clock is more than 10 s behind the database's: set it right");
            return Err(Problem::database_unavailable());
        }
    };
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, format!("/orders/status/{}", order.id)));
    if replayed {
        response.insert_header((IDEMPOTENT_REPLAYED, "true"));
    }
    Ok(response.json(order))
}

//! How the service is doing.

use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use messaging::{Broker, Pool};
use serde::Serialize;
use service_runtime::database;
use service_runtime::http::Problem;
use service_runtime::overview::{self, Latest, OutboxView, QueueView};

#[derive(Clone, Serialize)]
pub(crate) struct Overview {
    at: DateTime<Utc>,
    outbox: OutboxView,
    queue: QueueView,
}

pub(super) async fn overview(
    pool: Data<Pool>,
    broker: Data<Broker>,
    latest: Data<Latest<Overview>>,
) -> Result<HttpResponse, Problem> {
    let look = async {
        let outbox = database::run(&pool, |conn| Box::pin(overview::outbox(conn))).await?;
        let queue = overview::queue(&broker, contracts::PAYMENT_REQUESTS_QUEUE).await;
        Ok::<_, Problem>(Overview { at: Utc::now(), outbox, queue })
    };
    Ok(HttpResponse::Ok().json(latest.get(look).await?))
}

//! How the service is doing.

use actix_web::HttpResponse;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use messaging::{Broker, Pool};
use serde::Serialize;
use service_runtime::database;
use service_runtime::http::Problem;
use service_runtime::overview::{self, Latest, OutboxView, QueueView};

use crate::store::{self, Pace};

#[derive(Clone, Serialize)]
pub(crate) struct Overview {
    at: DateTime<Utc>,
    orders_per_second: i64,
    time_to_final_ms: Times,
    outbox: OutboxView,
    queue: QueueView,
}

#[derive(Clone, Serialize)]
struct Times {
    p50: Option<f64>,
    p99: Option<f64>,
}

pub(super) async fn overview(
    pool: Data<Pool>,
    broker: Data<Broker>,
    latest: Data<Latest<Overview>>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(latest.get(look(&pool, &broker)).await?))
}

async fn look(pool: &Pool, broker: &Broker) -> Result<Overview, Problem> {
    let (Pace { at, orders_per_second, p50_ms, p99_ms }, outbox) = database::run(pool, |conn| {
        Box::pin(async move { Ok((store::pace(conn).await?, overview::outbox(conn).await?)) })
    })
    .await?;
    let queue = overview::queue(broker, contracts::PAYMENT_RESULTS_QUEUE).await;
    let time_to_final_ms = Times { p50: p50_ms, p99: p99_ms };
    Ok(Overview { at, orders_per_second, time_to_final_ms, outbox, queue })
}

//! payments-service: users' accounts, their ledger, and the decision whether an order is paid.
//!
//! It learns of orders from the queue of payment requests alone. For each it decides once, for ever, and says so
//! through its outbox. `api` and `consumer` lead to `domain` (pure) and `store` (all SQL); nothing leads back.

mod api;
mod consumer;
mod domain;
mod store;

use service_runtime::{Blueprint, Config, Service, StartError};

/// Runs the service until it is told to stop.
pub async fn run(config: Config) -> Result<(), StartError> {
    let service = Service::start(
        Blueprint {
            name: "payments-service",
            role: "payments_app",
            migrations: store::MIGRATIONS,
            topology: contracts::topology(),
        },
        config,
    )?;
    service.spawn_relay();
    service.spawn_consumer(contracts::PAYMENT_REQUESTS_QUEUE, consumer::Payments);
    let pool = service.request_pool.clone();
    service.serve(move |routes| api::configure(routes, pool.clone())).await
}

//! payments-service: users' accounts, their ledger, and the decision whether an order is paid.
//!
//! It learns of orders from the queue of payment requests alone. For each it decides once, for ever, and says so
//! through its outbox. `api` and `consumer` lead to `domain` (pure) and `store` (all SQL); nothing leads back.

mod api;
mod consumer;
mod domain;
mod store;

use std::process::ExitCode;

use actix_web::web::Data;
use service_runtime::{Blueprint, Config, Service, StartError};

const DEFAULT_PORT: u16 = 8082;

/// The program: runs the service until it is told to stop, or asks the one that runs whether it is ready.
pub fn main() -> ExitCode {
    service_runtime::main(DEFAULT_PORT, run)
}

async fn run(config: Config) -> Result<(), StartError> {
    let service = Service::start(
        Blueprint {
            name: "payments-service",
            role: "payments_app",
            migrations: store::MIGRATIONS,
            topology: contracts::topology(),
        },
        config,
    )?;
    let (voice, hub) = service.live(contracts::ACCOUNT_CHANGES, "account");
    let payments = consumer::Payments { voice: voice.clone() };
    service.spawn_consumer(contracts::PAYMENT_REQUESTS_QUEUE, service.spawn_relay(), payments);
    let api = api::Api {
        pool: Data::new(service.request_pool.clone()),
        broker: Data::new(service.broker.clone()),
        voice: Data::new(voice),
        hub: Data::new(hub),
        overview: Data::default(),
    };
    let services = api::services(&api, service.rpc_pool.clone());
    service.serve(move |routes| api::configure(routes, api.clone()), services).await
}

//! orders-service: takes orders, asks for their payment through its outbox, and settles them when the answer
//! comes.
//!
//! `api` (through `committer`), `consumer`, `sweep` and `delivery` lead to `domain` (pure) and `store` (all SQL);
//! nothing leads back.

mod api;
mod committer;
mod consumer;
mod delivery;
mod domain;
mod store;
mod sweep;

use std::process::ExitCode;

use actix_web::web::Data;
use service_runtime::{Blueprint, Config, Service, StartError};

const DEFAULT_PORT: u16 = 8081;

/// The program: runs the service until it is told to stop, or asks the one that runs whether it is ready.
pub fn main() -> ExitCode {
    service_runtime::main(DEFAULT_PORT, run)
}

async fn run(config: Config) -> Result<(), StartError> {
    let sweep_after = sweep::after_from_env()?;
    let delivery_interval = delivery::interval_from_env()?;
    let service = Service::start(
        Blueprint {
            name: "orders-service",
            role: "orders_app",
            migrations: store::MIGRATIONS,
            topology: contracts::topology(),
        },
        config,
    )?;
    let (pool, handoff) = (service.worker_pool.clone(), service.spawn_relay());
    let (voice, hub) = service.live(contracts::ORDER_CHANGES, "order");
    let (committer, worker) = committer::new(pool.clone(), handoff.clone(), voice.clone());
    service.spawn(|stop| worker.run(stop));
    let results = consumer::Results { voice: voice.clone() };
    service.spawn_consumer(contracts::PAYMENT_RESULTS_QUEUE, handoff.clone(), results);
    if let Some(interval) = delivery_interval {
        let (pool, handoff, voice) = (pool.clone(), handoff.clone(), voice.clone());
        let delivery = delivery::Delivery { pool, handoff, voice, interval };
        service.spawn(|stop| delivery.run(stop));
    }
    let broker = service.broker.clone();
    let sweep = sweep::Sweep { pool, broker: broker.clone(), handoff: handoff.clone(), after: sweep_after };
    service.spawn(|stop| sweep.run(stop));
    let api = api::Api {
        pool: Data::new(service.request_pool.clone()),
        broker: Data::new(broker),
        committer: Data::new(committer),
        canceller: Data::new(api::Canceller { handoff, voice, again_after: sweep_after }),
        hub: Data::new(hub),
        overview: Data::default(),
    };
    let services = api::services(&api, service.rpc_pool.clone());
    service.serve(move |routes| api::configure(routes, api.clone()), services).await
}

//! orders-service: takes orders, asks for their payment through its outbox, and settles them when the answer
//! comes.
//!
//! `api` (through `committer`), `consumer` and `scheduler` lead to `domain` (pure) and `store` (all SQL);
//! nothing leads back.

mod api;
mod committer;
mod consumer;
mod domain;
mod scheduler;
mod store;

use std::process::ExitCode;

use service_runtime::{Blueprint, Config, Service, StartError};

const DEFAULT_PORT: u16 = 8081;

/// The program: runs the service until it is told to stop, or asks the one that runs whether it is ready.
pub fn main() -> ExitCode {
    service_runtime::main(DEFAULT_PORT, run)
}

async fn run(config: Config) -> Result<(), StartError> {
    let sweep_after = scheduler::sweep_after_from_env()?;
    let service = Service::start(
        Blueprint {
            name: "orders-service",
            role: "orders_app",
            migrations: store::MIGRATIONS,
            topology: contracts::topology(),
        },
        config,
    )?;
    let (pool, wake) = (service.worker_pool.clone(), service.outbox_wake.clone());
    let (committer, worker) = committer::new(pool.clone(), wake.clone());
    service.spawn(|stop| worker.run(stop));
    service.spawn_relay();
    service.spawn_consumer(contracts::PAYMENT_RESULTS_QUEUE, consumer::Results);
    let sweep = scheduler::Sweep { pool, broker: service.broker.clone(), wake, after: sweep_after };
    service.spawn(|stop| sweep.run(stop));
    let pool = service.request_pool.clone();
    service.serve(move |routes| api::configure(routes, pool.clone(), committer.clone())).await
}

//! What every service here needs around its own subject: configuration, telemetry, database pools and
//! migrations, problem details, health, start and graceful shutdown.
//!
//! A service's `main` is three steps: [`Service::start`], spawn its workers, [`Service::serve`] its routes.

mod config;
pub mod database;
mod entry;
pub mod grpc;
mod health;
pub mod http;
pub mod live;
pub mod overview;
mod service;
mod shutdown;
mod telemetry;
mod workers;

pub use config::{Config, ConfigError, env_or, env_required};
pub use entry::main;
pub use health::Health;
pub use service::{Blueprint, Service, StartError};

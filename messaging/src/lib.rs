#![doc = include_str!("../README.md")]

mod backoff;
pub mod broadcast;
pub mod broker;
pub mod consumer;
pub mod dead_letter;
mod due;
mod error;
pub mod event;
mod fault;
mod handoff;
pub mod inbox;
mod lease;
pub mod outbox;
mod pace;
mod publisher;
pub mod relay;
pub mod retention;
mod statement;
pub mod topology;
pub mod transaction;
mod vacuum;

pub use backoff::Backoff;
pub use broker::{Broker, Connected};
pub use consumer::{Consumer, Handled, Handler, Received, Refusal};
pub use dead_letter::Reason;
pub use error::{Error, within};
pub use event::Event;
pub use handoff::{Handed, Handoff, handoff};
pub use lease::Lease;
pub use pace::Pace;
pub use relay::Relay;
pub use retention::Retention;
pub use topology::{Queue, Topology};

#[doc(hidden)]
pub use diesel as __diesel;
#[cfg(feature = "fault-injection")]
#[doc(hidden)]
pub use fault::{is_mutant as __is_mutant, pass as __pass};

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool;

/// The pool that relay and consumer take their connections from.
pub type Pool = deadpool::Pool<AsyncPgConnection>;

/// The tables `outbox` and `inbox` with what keeps them small: run them in each database that sends or receives.
pub const MIGRATIONS: diesel_migrations::EmbeddedMigrations =
    diesel_migrations::embed_migrations!("migrations");

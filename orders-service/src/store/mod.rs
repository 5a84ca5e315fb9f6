//! All SQL of orders-service. Functions take a connection and never begin a transaction: their callers do.

mod cancel;
mod create;
mod deliver;
mod overview;
mod read;
mod schema;
mod settle;
mod sweep;

pub(crate) use cancel::{Cancelled, cancel};
pub(crate) use create::{Candidate, Creation, create};
pub(crate) use deliver::{Stepped, begin_tick, step};
pub(crate) use overview::{Pace, pace};
pub(crate) use read::{milestones_of, order_with, orders_of};
pub(crate) use settle::{settle, standings};
pub(crate) use sweep::{
    Progress, Sweeping, Unanswered, begin_sweep, forget_unanswered, mark_resent, note_unanswered, unanswered,
};

pub(crate) const MIGRATIONS: diesel_migrations::EmbeddedMigrations =
    diesel_migrations::embed_migrations!("migrations");

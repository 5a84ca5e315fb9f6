//! All SQL of payments-service. Functions take a connection and never begin a transaction: their callers do.

mod accounts;
mod payments;
mod schema;

pub(crate) use accounts::{
    Account, Deposit, Entry, Opening, account_of, account_with, deposit, entries, open_account,
};
pub(crate) use payments::{read, write};

pub(crate) const MIGRATIONS: diesel_migrations::EmbeddedMigrations =
    diesel_migrations::embed_migrations!("migrations");

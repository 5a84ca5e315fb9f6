//! Why nothing could be said, so that whoever reads it knows what to do next.

use tokio_postgres::error::SqlState;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A database that could not be checked. It says nothing about what is in there.
#[derive(Debug, thiserror::Error)]
#[error("the {database} database at {place} cannot be checked: {reason}; {remedy}")]
pub struct Error {
    /// `orders` or `payments`.
    pub database: &'static str,
    /// Host, port and name of the database, without the password.
    pub place: String,
    /// What it said.
    pub reason: String,
    /// What to do about it.
    pub remedy: &'static str,
}

/// What to do about an error of PostgreSQL.
pub(crate) fn remedy(error: &tokio_postgres::Error) -> &'static str {
    match error.code() {
        Some(code) if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::UNDEFINED_COLUMN => {
            "is this the right database, and has the service that owns it been started once?"
        }
        Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
            "grant the login the role pg_read_all_data"
        }
        Some(code) if *code == SqlState::QUERY_CANCELED => {
            "the server is too busy for a statement of the audit: try again later"
        }
        Some(_) => "see to what PostgreSQL says, and try again",
        None => "see that it runs and can be reached from here, and try again",
    }
}

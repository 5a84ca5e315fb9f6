//! What can go wrong before there is a figure.

use std::io;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system could not be started or stopped.
    #[error(transparent)]
    Stack(#[from] stack::Error),
    /// The operating system refused something.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A database refused something.
    #[error("PostgreSQL, {doing}: {source}")]
    Postgres {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: tokio_postgres::Error,
    },
    /// Something else, and what to do about it.
    #[error("{0}")]
    Other(String),
}

/// Says what was being done when an operation failed.
pub(crate) trait Doing<T> {
    fn doing(self, what: &str) -> Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: &str) -> Result<T> {
        self.map_err(|source| Error::Io { doing: what.to_owned(), source })
    }
}

impl<T> Doing<T> for std::result::Result<T, tokio_postgres::Error> {
    fn doing(self, what: &str) -> Result<T> {
        self.map_err(|source| Error::Postgres { doing: what.to_owned(), source })
    }
}

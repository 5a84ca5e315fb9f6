//! What can go wrong, said so that whoever reads it knows what to do next.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be run, reached or stopped.
#[derive(thiserror::Error)]
pub enum Error {
    /// A program is not on this machine.
    #[error(
        "{program} is not installed; `cargo stack up` installs it where it may, by hand: apt-get install {package}"
    )]
    MissingProgram {
        /// What was looked for.
        program: &'static str,
        /// The Debian or Ubuntu package that brings it.
        package: &'static str,
    },
    /// A file that an earlier step makes is not there.
    #[error("{} is missing; {remedy}", path.display())]
    MissingFile {
        /// What was looked for.
        path: PathBuf,
        /// What makes it.
        remedy: String,
    },
    /// A part ended, did not get ready or did not stop.
    #[error("{part} {what}\n{log}")]
    Part {
        /// The part's name, as in `cargo stack status`.
        part: String,
        /// What it did.
        what: String,
        /// Where its log is, and its last lines.
        log: String,
    },
    /// A part was asked for something that only a running one can do.
    #[error("{0} does not run")]
    NotRunning(String),
    /// The operating system refused something.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
    /// PostgreSQL refused something.
    #[error("PostgreSQL, {doing}: {source}")]
    Postgres {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: tokio_postgres::Error,
    },
    /// A server's own set-up program failed, or the machine cannot do what is needed.
    #[error("{0}")]
    Setup(String),
}

/// Debug is Display: a test that unwraps, and a `main` that returns the error, show the text meant for people.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Says what was being done when an operation of the system failed.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl fmt::Display) -> Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|source| Error::Io { doing: what.to_string(), source })
    }
}

impl<T> Doing<T> for std::result::Result<T, tokio_postgres::Error> {
    fn doing(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|source| Error::Postgres { doing: what.to_string(), source })
    }
}

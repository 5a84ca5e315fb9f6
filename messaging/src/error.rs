use std::time::Duration;

use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};

/// Why the broker can't be used, or a session with it ended. None of them loses a message: what was not confirmed is still
/// in the outbox, and what was not acknowledged will be delivered again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The broker refused or the connection broke.
    #[error("broker: {0}")]
    Broker(#[from] lapin::Error),
    /// The AMQP address can't be used.
    #[error("AMQP address: {0}")]
    Address(String),
    /// The topology would not work.
    #[error("topology: {0}")]
    Topology(String),
    /// The database refused or the connection broke.
    #[error("database: {0}")]
    Database(#[from] diesel::result::Error),
    /// No database connection within the pool's limits.
    #[error("database pool: {0}")]
    Pool(#[from] diesel_async::pooled_connection::deadpool::PoolError),
    /// An await passed its deadline.
    #[error("{what} took longer than {limit:?}")]
    Deadline {
        /// What was awaited.
        what: &'static str,
        /// How long it may take.
        limit: Duration,
    },
    /// A queue that was to be looked at was never declared, or has been deleted.
    #[error("there is no queue {0}")]
    MissingQueue(String),
    /// A publish was not positively confirmed: a nack, a return, or confirms are off.
    #[error("publish not confirmed: {0}")]
    NotConfirmed(String),
    /// The broker ended the consumer, for example because its queue was deleted.
    #[error("the broker ended the consumer")]
    ConsumerEnded,
    /// The connection to the broker is gone.
    #[error("the connection to the broker is gone")]
    Disconnected,
    /// The broker has raised an alarm (memory or disk) and takes no publishes.
    #[error("the broker blocks publishers (connection.blocked)")]
    Blocked,
    /// The handler panicked. Its batch comes again, and what was committed is a duplicate then.
    #[error("the handler panicked")]
    Panicked,
}

impl Error {
    /// This error; or, if it says that something does not exist, that it is `queue`.
    pub(crate) fn or_missing(self, queue: &str) -> Self {
        let not_found = AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND);
        match &self {
            Self::Broker(error) => match error.kind() {
                ErrorKind::ProtocolError(error) if *error.kind() == not_found => {
                    Self::MissingQueue(queue.to_owned())
                }
                _ => self,
            },
            _ => self,
        }
    }
}

/// Awaits with a deadline; `what` names the thing awaited in the error.
///
/// # Errors
/// The future's own, or [`Error::Deadline`].
pub async fn within<T, E>(
    limit: Duration,
    what: &'static str,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, Error>
where
    Error: From<E>,
{
    match tokio::time::timeout(limit, future).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(Error::Deadline { what, limit }),
    }
}

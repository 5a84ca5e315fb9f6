use std::ops::{Deref, DerefMut};
use std::time::Duration;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::Object;

use crate::error::within;
use crate::{Error, Pool};

/// Waiting for a connection from the pool; the pool's own limit may be shorter.
const POOL_LIMIT: Duration = Duration::from_secs(5);

/// A pooled connection that goes back to the pool only when it is [given back](Self::give_back).
///
/// If it is dropped in any other way (an error, a deadline, a panic, an aborted task), it is closed: it may be in the
/// middle of a transaction, which would hold its locks until somebody else takes the connection.
pub struct Lease(Option<Object<AsyncPgConnection>>);

impl Lease {
    /// Takes a connection from `pool`.
    ///
    /// # Errors
    /// There is none within five seconds, or the pool's own limits.
    pub async fn take(pool: &Pool) -> Result<Self, Error> {
        Ok(Self(Some(within(POOL_LIMIT, "getting a database connection", pool.get()).await?)))
    }

    /// Call it when no transaction is open.
    pub fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Deref for Lease {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        self.0.as_ref().expect("only give_back empties it")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        self.0.as_mut().expect("only give_back empties it")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(conn) = self.0.take() {
            drop(Object::take(conn));
        }
    }
}

use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use messaging::{Connected, Lease, Pool};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

/// A database that takes longer is not ready.
const PING_LIMIT: Duration = Duration::from_secs(2);

/// What readiness depends on. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Health(Arc<State>);

struct State {
    pool: Pool,
    migrated: CancellationToken,
    stopping: CancellationToken,
    parts: Mutex<Vec<Connected>>,
}

/// The answer to `GET /health/ready`: true where a part is well.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    migrated: bool,
    database: bool,
    broker: bool,
    stopping: bool,
}

impl Health {
    /// `pool` is for this alone: a replica that has much to do is well, and its load would only move to the others.
    /// `migrated` is cancelled when the schema is up to date, `stopping` when the service begins to end.
    pub(crate) fn new(pool: Pool, migrated: CancellationToken, stopping: CancellationToken) -> Self {
        Self(Arc::new(State { pool, migrated, stopping, parts: Mutex::default() }))
    }

    /// A new part that must be connected before the service is ready.
    pub(crate) fn part(&self) -> Connected {
        let connected = Connected::default();
        let mut parts = self.0.parts.lock().expect("no panic while held");
        parts.push(connected.clone());
        connected
    }

    pub(crate) async fn report(&self) -> Report {
        let database = matches!(tokio::time::timeout(PING_LIMIT, ping(&self.0.pool)).await, Ok(Ok(())));
        let parts = self.0.parts.lock().expect("no panic while held");
        Report {
            migrated: self.0.migrated.is_cancelled(),
            database,
            broker: parts.iter().all(Connected::get),
            stopping: self.0.stopping.is_cancelled(),
        }
    }
}

async fn ping(pool: &Pool) -> Result<(), messaging::Error> {
    let mut conn = Lease::take(pool).await?;
    conn.batch_execute("SELECT 1").await?;
    conn.give_back();
    Ok(())
}

impl Report {
    pub(crate) fn ready(&self) -> bool {
        self.migrated && self.database && self.broker && !self.stopping
    }
}

//! Database pools, migrations, and the one way in which requests reach the database.

use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{QueueMode, Timeouts};
use diesel::migration::{self, Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::pooled_connection::deadpool::BuildError;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use messaging::{Lease, Pool};
use tokio_postgres::{Config, NoTls};
use tracing::{Instrument, error};

use crate::http::Problem;

/// A request waits this long for a connection, and a connection this long for its server.
const POOL_WAIT: Duration = Duration::from_secs(1);
/// What a request may spend in the database, waiting included: it is answered within two seconds.
const REQUEST_LIMIT: Duration = Duration::from_millis(1800);

/// Sent with every connection of the application.
///
/// The time-outs end what a lost client left open. The planner's settings: every statement here has one good
/// plan, rows by the order of an index, whatever the statistics say. A table without statistics, fresh or just
/// restored, otherwise leads to a scan of the table or to a nested loop over the batch, for every batch. An outbox whose
/// statistics were taken when it was empty, among many rows that were gone, leads to a bitmap of all of these for each
/// search, and unlike the index itself a bitmap does not learn which of them are dead. Where there is no other plan, such
/// a one counts as so dear that the server would compile it, which takes longer than it runs.
const SESSION_OPTIONS: &str = "-c statement_timeout=5s -c lock_timeout=4s \
    -c idle_in_transaction_session_timeout=15s \
    -c plan_cache_mode=force_generic_plan -c enable_nestloop=off -c enable_seqscan=off -c enable_bitmapscan=off \
    -c jit=off";

/// A migration may take its time, but what it waits for must not: requests queue up behind a lock that it wants.
const MIGRATION_OPTIONS: &str = "-c lock_timeout=4s";
/// Connecting and what is asked before a migration; a server that takes longer is tried again.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// A pool of `size` connections that act as `role` (which the migrations create) and no more.
pub fn pool(config: &Config, role: &'static str, size: usize) -> Result<Pool, BuildError> {
    let config = with_options(config, &format!("-c role={role} {SESSION_OPTIONS}"));
    let mut manager = ManagerConfig::default();
    // A broken connection is found by the statement that uses it, which is retried or answered with 503.
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup = Box::new(move |_| connect(config.clone()).boxed());
    Pool::builder(AsyncDieselConnectionManager::new_with_config("", manager))
        .max_size(size)
        // The connection that was used last: its server process still has in the caches what it needs.
        .queue_mode(QueueMode::Lifo)
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts { wait: Some(POOL_WAIT), create: Some(POOL_WAIT), recycle: Some(POOL_WAIT) })
        .build()
}

/// The server's address with options for its sessions, and limits that notice when it is gone.
fn with_options(config: &Config, options: &str) -> Config {
    let mut config = config.clone();
    config
        .options(options)
        .connect_timeout(POOL_WAIT)
        .keepalives_idle(Duration::from_secs(5))
        .tcp_user_timeout(Duration::from_secs(10));
    config
}

async fn connect(config: Config) -> ConnectionResult<AsyncPgConnection> {
    let failed = |error: tokio_postgres::Error| ConnectionError::BadConnection(error.to_string());
    let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

/// Why the database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Not reachable, or it refused; trying again may help.
    #[error("{0}")]
    Unavailable(String),
    /// A setting would lose committed data.
    #[error(
        "{setting} is {value} on this database server: a committed payment could be lost. Turn it on and start again"
    )]
    NotDurable {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: String,
    },
}

impl SetupError {
    fn unavailable(reason: impl std::fmt::Display) -> Self {
        Self::Unavailable(reason.to_string())
    }
}

/// Checks that commits are durable and brings the schema up to date, as the user of the URL.
///
/// Blocks its thread while a migration runs.
///
/// # Errors
/// The database is away, or silent, or another replica migrates: trying again may help. Or it would lose commits.
pub async fn set_up(config: &Config, migrations: &[EmbeddedMigrations]) -> Result<(), SetupError> {
    let conn = tokio::time::timeout(ANSWER_LIMIT, ready_to_migrate(config))
        .await
        .map_err(|_| SetupError::unavailable("no answer"))??;
    let mut harness = AsyncMigrationHarness::new(conn);
    harness.run_pending_migrations(All(migrations)).map_err(SetupError::unavailable)?;
    Ok(())
}

/// A connection to a durable database, which holds the lock that lets one replica migrate at a time.
async fn ready_to_migrate(config: &Config) -> Result<AsyncPgConnection, SetupError> {
    let config = with_options(config, MIGRATION_OPTIONS);
    let mut conn = connect(config).await.map_err(SetupError::unavailable)?;
    for setting in ["synchronous_commit", "fsync", "full_page_writes"] {
        let value: String = diesel::select(sql::current_setting(setting))
            .get_result(&mut conn)
            .await
            .map_err(SetupError::unavailable)?;
        if value == "off" {
            return Err(SetupError::NotDurable { setting, value });
        }
    }
    // Tried and not waited for, so that a replica that is told to stop meanwhile can. It goes with the connection.
    let is_ours = diesel::select(sql::pg_try_advisory_lock(MIGRATION_LOCK))
        .get_result(&mut conn)
        .await
        .map_err(SetupError::unavailable)?;
    if is_ours { Ok(conn) } else { Err(SetupError::unavailable("another replica migrates")) }
}

/// Several sources as one.
struct All<'a>(&'a [EmbeddedMigrations]);

impl MigrationSource<Pg> for All<'_> {
    fn migrations(&self) -> migration::Result<Vec<Box<dyn Migration<Pg>>>> {
        let sources = self.0.iter().map(MigrationSource::<Pg>::migrations);
        Ok(sources.collect::<migration::Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}

/// Any constant will do, as long as every replica has the same.
const MIGRATION_LOCK: i64 = 0x0067_6f7a_6f6e;

#[allow(missing_docs)]
mod sql {
    #[diesel::declare_sql_function]
    extern "SQL" {
        fn current_setting(name: diesel::sql_types::Text) -> diesel::sql_types::Text;
        fn pg_try_advisory_lock(key: diesel::sql_types::BigInt) -> diesel::sql_types::Bool;
    }
}

/// Runs `work` on a connection of `pool` for a request.
///
/// On a task of its own, because a client that disconnects drops its handler's future, and a transaction whose
/// future is dropped would go back to the pool open. A database that is away or too slow is a 503; whether a
/// write that timed out was committed is then unknown, and the problem document says how to find out.
pub async fn run<T: Send + 'static>(
    pool: &Pool,
    work: impl for<'c> FnOnce(&'c mut AsyncPgConnection) -> BoxFuture<'c, QueryResult<T>> + Send + 'static,
) -> Result<T, Problem> {
    let pool = pool.clone();
    let work = async move {
        let mut conn = Lease::take(&pool).await.map_err(|error| unavailable(&error))?;
        let result = work(&mut conn).await.map_err(|error| unavailable(&error))?;
        conn.give_back();
        Ok(result)
    };
    let task = tokio::spawn(work.in_current_span());
    match tokio::time::timeout(REQUEST_LIMIT, task).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
        Err(_) => Err(unavailable(&"no answer in time")),
    }
}

fn unavailable(error: &dyn std::fmt::Display) -> Problem {
    error!(%error, "database: request failed");
    Problem::database_unavailable()
}

//! A connection that can only look.

use std::time::Duration;

use tokio_postgres::config::Host;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row};

use crate::error::{Error, Result, remedy};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// A server that is silent for this long is given up.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// Sent with the connection. Nothing can be written, no statement can hold a snapshot, and with it what vacuum may
/// clean, for long, and one core of the server is all that is used.
///
/// The planner's settings: every statement looks up a bounded number of rows by key, and that is the one good plan
/// whatever the statistics say. Without statistics it might scan the whole ledger for each chunk instead.
const SESSION_OPTIONS: &str = "-c default_transaction_read_only=on -c statement_timeout=60s -c jit=off \
    -c max_parallel_workers_per_gather=0 \
    -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off";

/// A session on one of the databases.
pub(crate) struct Session {
    database: &'static str,
    place: String,
    client: Client,
}

impl Session {
    /// Connects.
    pub(crate) async fn open(database: &'static str, url: &str) -> Result<Self> {
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| Error {
            database,
            place: "an address".into(),
            reason: chain(&error),
            remedy: "it should be like postgres://user:password@host:5432/name",
        })?;
        let place = place(&config);
        let options = format!("{} {SESSION_OPTIONS}", config.get_options().unwrap_or_default());
        config
            .options(options)
            .application_name("gozon-audit")
            .connect_timeout(CONNECT_LIMIT)
            .keepalives_idle(SILENCE_LIMIT)
            .tcp_user_timeout(SILENCE_LIMIT);
        match config.connect(NoTls).await {
            Ok((client, connection)) => {
                // It ends with the client.
                tokio::spawn(connection);
                Ok(Self { database, place, client })
            }
            Err(error) => Err(Error { database, place, reason: chain(&error), remedy: remedy(&error) }),
        }
    }

    /// What tells this database from any other.
    ///
    /// # Errors
    /// If it is a standby: it may lag behind the other database, and then shows violations that are none.
    pub(crate) async fn identity(&self) -> Result<String> {
        let query = "-- audit_identity
             SELECT format('%s/%s', system_identifier, oid), pg_is_in_recovery()
             FROM pg_control_system(), pg_database WHERE datname = current_database()";
        let rows = self.rows(query, &[]).await?;
        match rows.first() {
            Some(row) if !row.get::<_, bool>(1) => Ok(row.get(0)),
            _ => Err(Error {
                database: self.database,
                place: self.place.clone(),
                reason: "it is a standby, which may lag behind".into(),
                remedy: "give the address of the primary",
            }),
        }
    }

    /// The rows of a query. It is a transaction of its own, and sees one snapshot.
    pub(crate) async fn rows(&self, query: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        self.client.query(query, parameters).await.map_err(|error| Error {
            database: self.database,
            place: self.place.clone(),
            reason: chain(&error),
            remedy: remedy(&error),
        })
    }
}

fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "no host".into(),
    };
    let port = config.get_ports().first().unwrap_or(&5432);
    format!("{host}:{port}/{}", config.get_dbname().unwrap_or_default())
}

/// An error with its causes; PostgreSQL's client shows the first only.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

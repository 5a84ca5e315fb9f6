//! Gathers everything that is known in one scratch database, so that rules are queries, and memory stays small however
//! long the run was.

use std::path::Path;

use futures_util::{Stream, StreamExt, stream};
use stack::{Addresses, Error, Result};
use uuid::Uuid;

use super::history::{Operation, Outcome};
use super::lines;
use super::messages::Injected;
use super::quiet::Letter;
use super::snapshots::Seen;
use super::timeline::Timeline;
use crate::Database;
use crate::events::event_id;

const SCHEMA: &str = include_str!("evidence.sql");

/// The scratch database.
pub struct Evidence {
    database: Database,
}

/// Files of a run.
pub(crate) struct Files<'a>(pub(crate) &'a Path);

impl Files<'_> {
    pub(crate) fn history(&self) -> std::path::PathBuf {
        self.0.join("history.jsonl")
    }

    pub(crate) fn timeline(&self) -> std::path::PathBuf {
        self.0.join("faults.jsonl")
    }

    pub(crate) fn poison(&self) -> std::path::PathBuf {
        self.0.join("poison.jsonl")
    }

    pub(crate) fn letters(&self) -> std::path::PathBuf {
        self.0.join("dead-letters.jsonl")
    }

    pub(crate) fn snapshots(&self) -> std::path::PathBuf {
        self.0.join("snapshots.jsonl")
    }
}

impl Evidence {
    /// Empty tables in a database that has none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn create(url: &str) -> Result<Self> {
        let doing = "creating the tables of evidence".to_owned();
        let failed = |source| Error::Postgres { doing, source };
        let create = async {
            let database = Database::try_connect(url).await?;
            database.execute(SCHEMA).await?;
            Ok(database)
        };
        Ok(Self { database: create.await.map_err(failed)? })
    }

    /// The database itself.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Fills the tables from a run's files and from the services' databases.
    pub(crate) async fn gather(
        &self,
        files: &Files<'_>,
        addresses: &Addresses,
        timeline: &Timeline,
        leftovers: &[String],
    ) -> Result<()> {
        let failed = |source| Error::Postgres { doing: "gathering evidence".into(), source };
        self.gather_files(files, timeline, leftovers).await.map_err(failed)?;
        self.gather_databases(addresses, timeline.started_at_ms()).await.map_err(failed)?;
        self.database.execute("ANALYZE").await.map_err(failed)
    }

    async fn gather_files(
        &self,
        files: &Files<'_>,
        timeline: &Timeline,
        leftovers: &[String],
    ) -> std::result::Result<(), tokio_postgres::Error> {
        let operations =
            lines::read::<Operation>(&files.history()).map(|operation| operation_row(&operation));
        self.fill("operations", operations).await?;
        let flaws =
            lines::read::<Operation>(&files.history()).flat_map(|Operation { nonce, flaws, .. }| {
                flaws.into_iter().map(move |flaw| row(&[Some(nonce.to_string()), Some(flaw)]))
            });
        self.fill("flaws", flaws).await?;
        let faults = timeline.happenings().into_iter().map(|happening| {
            let times = [happening.began_ms, happening.ended_ms].map(|ms| Some(ms.to_string()));
            let [began, ended] = times;
            let fault = Some(happening.fault.to_owned());
            row(&[fault, Some(happening.target), began, ended, Some(happening.took_effect.to_string())])
        });
        self.fill("faults", faults).await?;
        let poison = lines::read::<Injected>(&files.poison()).map(|injected| {
            let [began, ended] = [injected.began_ms, injected.ended_ms].map(|ms| Some(ms.to_string()));
            let nonce = Some(injected.nonce.to_string());
            row(&[nonce, Some(injected.kind), began, ended, Some(outcome_name(injected.outcome).into())])
        });
        self.fill("poison", poison).await?;
        let letters = lines::read::<Letter>(&files.letters()).map(|letter| {
            row(&[Some(letter.queue), letter.nonce.map(|nonce| nonce.to_string()), Some(letter.text)])
        });
        self.fill("letters", letters).await?;
        let snapshots = lines::read::<Seen>(&files.snapshots())
            .map(|seen| row(&[Some(seen.at_ms.to_string()), Some(seen.finding)]));
        self.fill("snapshots", snapshots).await?;
        self.fill("leftovers", leftovers.iter().map(|leftover| row(&[Some(leftover.clone())]))).await?;
        Ok(())
    }

    async fn gather_databases(
        &self,
        addresses: &Addresses,
        started_at_ms: u64,
    ) -> std::result::Result<(), tokio_postgres::Error> {
        let orders = Database::try_connect(&addresses.orders_database).await?;
        let ms = |column: &str| format!("(extract(epoch FROM {column}) * 1000)::bigint - {started_at_ms}");
        let times = ["created_at", "settled_at", "cancel_requested_at", "shipped_at", "delivered_at"].map(ms);
        let query = format!(
            "SELECT id, user_id, amount, description, status, cancel_reason, idempotency_key, {}, delivery_status
             FROM orders",
            times.join(", ")
        );
        // Orders and their next steps are of one moment: deliveries may go on.
        orders.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let rows = orders.copy_out(&query).await?.map(|line| line.map(|line| with_event_ids(&line)));
        self.database.copy_in("orders", rows).await?;
        self.copy(&orders, "SELECT order_id FROM deliveries", "deliveries").await?;
        self.copy(&orders, "SELECT message_id FROM inbox", "orders_inbox").await?;
        self.copy(&orders, "SELECT 'orders', message_id, type FROM outbox", "outbox").await?;

        let payments = Database::try_connect(&addresses.payments_database).await?;
        for (query, table) in [
            ("SELECT id, user_id, balance, version FROM accounts", "accounts"),
            (
                "SELECT id, account_id, amount, type, reference_order_id, balance_after, idempotency_key,
                        version
                 FROM transactions",
                "transactions",
            ),
            ("SELECT order_id, user_id, amount, outcome, reason FROM payments", "payments"),
            ("SELECT message_id FROM inbox", "payments_inbox"),
            ("SELECT 'payments', message_id, type FROM outbox", "outbox"),
        ] {
            self.copy(&payments, query, table).await?;
        }
        Ok(())
    }

    async fn copy(
        &self,
        from: &Database,
        query: &str,
        table: &str,
    ) -> std::result::Result<u64, tokio_postgres::Error> {
        self.database.copy_in(table, from.copy_out(query).await?).await
    }

    async fn fill(
        &self,
        table: &str,
        rows: impl Iterator<Item = String>,
    ) -> std::result::Result<u64, tokio_postgres::Error> {
        self.database.copy_in(table, endless_patience(rows)).await
    }
}

/// Lines that can't fail to come.
fn endless_patience(
    rows: impl Iterator<Item = String>,
) -> impl Stream<Item = std::result::Result<String, tokio_postgres::Error>> {
    stream::iter(rows.map(Ok))
}

fn operation_row(operation: &Operation) -> String {
    let kind = format!("{:?}", operation.kind).to_lowercase();
    row(&[
        Some(operation.nonce.to_string()),
        Some(kind),
        Some(operation.user.to_string()),
        operation.bill.map(|bill| bill.to_string()),
        Some(operation.amount.to_string()),
        operation.key.clone(),
        Some(operation.is_bad.to_string()),
        Some(outcome_name(operation.outcome).into()),
        operation.id.map(|id| id.to_string()),
        Some(operation.invoked_ms.to_string()),
        Some(operation.returned_ms.to_string()),
        operation.order.map(|order| order.to_string()),
    ])
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Refused => "refused",
        Outcome::Unknown => "unknown",
    }
}

/// A line of COPY's text format.
fn row(columns: &[Option<String>]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|column| match column {
            None => "\\N".into(),
            Some(text) => text
                .replace('\\', "\\\\")
                .replace('\t', "\\t")
                .replace('\n', "\\n")
                .replace('\r', "\\r")
                .replace('\0', ""),
        })
        .collect();
    columns.join("\t")
}

/// The line of an order with the ids of the requests to pay and to cancel it and, once it is settled, of the result that it
/// ended with.
fn with_event_ids(line: &str) -> String {
    let columns: Vec<&str> = line.split('\t').collect();
    let id: Uuid = columns[0].parse().expect("an order's id");
    let result = match (columns[4], columns[5]) {
        ("FINISHED", _) => event_id(id, "PaymentSucceeded").to_string(),
        ("CANCELLED", "REFUNDED") => event_id(id, "PaymentRefunded").to_string(),
        ("CANCELLED", _) => event_id(id, "PaymentFailed").to_string(),
        _ => "\\N".into(),
    };
    let [request, cancel] = ["OrderCreated", "OrderCancelRequested"].map(|kind| event_id(id, kind));
    format!("{line}\t{request}\t{cancel}\t{result}")
}

//! Two databases as the services leave them.

use std::fs;
use std::sync::Arc;

use audit::{Audit, Counts, Event, Position};
use e2e_tests::Database;
use stack::{Servers, ServersOptions, workspace};
use tokio::sync::OnceCell;

/// The servers of all tests, which harm none. Their processes end with this one.
static SERVERS: OnceCell<Arc<Servers>> = OnceCell::const_new();

/// How many orders are prefilled. A tenth as many users have ordered ten times each; all of them but each tenth have an
/// account and have paid.
pub(crate) const ORDERS: u64 = 100;
pub(crate) const ACCOUNTS: u64 = 9;

/// Two databases without a system.
pub(crate) struct Books {
    pub(crate) orders: Database,
    pub(crate) payments: Database,
    pub(crate) audit: Audit,
}

impl Books {
    /// As the migrations make them, filled with orders that are settled and paid as they must be.
    pub(crate) async fn in_order() -> Self {
        let servers = servers().await;
        let name = servers.fresh_name();
        let orders_url = prefilled(&servers, "orders", &name).await;
        let payments_url = prefilled(&servers, "payments", &name).await;
        // More than one chunk of everything.
        let audit = Audit { chunk_rows: 10, ..Audit::of(&orders_url, &payments_url) };
        Self {
            orders: Database::connect(&orders_url).await,
            payments: Database::connect(&payments_url).await,
            audit,
        }
    }

    /// Whatever is found: the rule and the id.
    pub(crate) async fn findings(&self) -> Vec<(&'static str, String)> {
        let findings = self.audit.findings().await.unwrap();
        findings.into_iter().map(|finding| (finding.rule, finding.id)).collect()
    }

    /// An audit from a position, to its end and the position there.
    pub(crate) async fn audit_from(&self, from: Option<Position>) -> (Counts, Position) {
        let mut last = None;
        let keep = |event: Event<'_>| {
            if let Event::Progress { position, .. } = event {
                last = Some(position.clone());
            }
        };
        let counts = self.audit.run(from, keep).await.unwrap();
        (counts, last.expect("progress is told"))
    }
}

pub(crate) async fn servers() -> Arc<Servers> {
    let start = async || Arc::new(Servers::start(ServersOptions::default()).await.unwrap());
    Arc::clone(SERVERS.get_or_init(start).await)
}

async fn prefilled(servers: &Servers, side: &str, name: &str) -> String {
    let url = servers.create_database(&format!("{side}_{name}")).await.unwrap();
    let database = Database::connect(&url).await;
    for owner in ["messaging", &format!("{side}-service")] {
        let folder = workspace::root().join(owner).join("migrations");
        let migrations = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("up.sql"));
        let mut migrations: Vec<_> = migrations.collect();
        migrations.sort();
        for migration in migrations {
            database.execute(&fs::read_to_string(migration).unwrap()).await.unwrap();
        }
    }
    for part in ["order_id", side] {
        let prefill = workspace::root().join(format!("audit/tests/prefill/{part}.sql"));
        let statements = fs::read_to_string(prefill).unwrap().replace(":orders", &ORDERS.to_string());
        database.execute(&statements).await.unwrap();
    }
    url
}

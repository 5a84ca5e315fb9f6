//! Looks at the money while everything goes on: each look is one consistent state of the payments database.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use stack::Addresses;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::lines::Lines;
use super::timeline::Timeline;
use crate::Database;

/// The pause between two looks, and at least so many times what a look took.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_FACTOR: u32 = 20;
const LIMIT: Duration = Duration::from_secs(60);

/// Within one snapshot. The sum is compared by account, which is more than comparing the total.
const QUERIES: [&str; 3] = [
    "SELECT format('account %s holds %s', id, balance) FROM accounts WHERE balance < 0",
    "SELECT format('account %s holds %s, and its credits less its debits are %s', id, balance, coalesce(ledger, 0))
     FROM accounts LEFT JOIN (
         SELECT account_id, sum(CASE type WHEN 'CREDIT' THEN amount ELSE -amount END) AS ledger
         FROM transactions GROUP BY account_id) AS entries ON account_id = id
     WHERE balance <> coalesce(ledger, 0)",
    "SELECT format('the balances are %s in all, and credits less debits %s', balances, entries) FROM
         (SELECT coalesce(sum(balance), 0) AS balances FROM accounts) AS a,
         (SELECT coalesce(sum(CASE type WHEN 'CREDIT' THEN amount ELSE -amount END), 0) AS entries
          FROM transactions) AS t
     WHERE balances <> entries",
];

/// Something seen that must never be.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// In milliseconds since the run's start.
    pub(crate) at_ms: u64,
    pub(crate) finding: String,
}

/// Whoever looks.
pub(crate) struct Snapshots {
    stop: Arc<AtomicBool>,
    taken: Arc<AtomicU64>,
    seen: Arc<Lines>,
    task: JoinHandle<()>,
}

impl Snapshots {
    pub(crate) fn start(addresses: &Addresses, file: &Path, timeline: &Arc<Timeline>) -> Self {
        let (stop, taken): (Arc<AtomicBool>, Arc<AtomicU64>) = Default::default();
        let seen = Arc::new(Lines::create(file));
        let url = addresses.payments_database.clone();
        let task = {
            let (stop, taken, seen, timeline) = (stop.clone(), taken.clone(), seen.clone(), timeline.clone());
            tokio::spawn(async move {
                loop {
                    let is_last = stop.load(Ordering::Relaxed);
                    let began = Instant::now();
                    // A database that is away shows nothing.
                    if let Ok(Ok(findings)) = timeout(LIMIT, look(&url)).await {
                        taken.fetch_add(1, Ordering::Relaxed);
                        let at_ms = timeline.now_ms();
                        findings.into_iter().for_each(|finding| seen.write(&Seen { at_ms, finding }));
                    }
                    if is_last {
                        return;
                    }
                    sleep(PAUSE.max(began.elapsed() * PAUSE_FACTOR)).await;
                }
            })
        };
        Self { stop, taken, seen, task }
    }

    /// Ends it after one more look, and says how often it has looked.
    pub(crate) async fn stop(&mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        (&mut self.task).await.expect("whoever looks");
        self.seen.flush();
        self.taken.load(Ordering::Relaxed)
    }
}

async fn look(url: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    let database = Database::try_connect(url).await?;
    database.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let mut findings = Vec::new();
    for query in QUERIES {
        findings.extend(database.try_rows(query, &[]).await?.iter().map(|row| row.get::<_, String>(0)));
    }
    database.execute("COMMIT").await?;
    Ok(findings)
}

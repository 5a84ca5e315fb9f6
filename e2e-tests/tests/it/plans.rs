//! What the database does for a statement: the same, whatever it knows of the tables at the moment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use e2e_tests::until;
use serde_json::Value;
use stack::SystemOptions;

use crate::support::{DELIVERY_INTERVAL, own_servers};

/// Sessions that begin after this write the plan of each statement into the server's log.
const LOG_PLANS: &str = "
    DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET session_preload_libraries = auto_explain', current_database());
        EXECUTE format('ALTER DATABASE %I SET auto_explain.log_format = json', current_database());
        EXECUTE format('ALTER DATABASE %I SET auto_explain.log_min_duration = 0', current_database());
    END $$;
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
const MANY_WERE_SENT: &str = "
    INSERT INTO outbox (message_id, type, routing_key, payload)
    SELECT gen_random_uuid(), 'sent', '', repeat('x', 500) FROM generate_series(1, 50000);
    DELETE FROM outbox WHERE type = 'sent'";

/// Goal: when the statistics were taken changes no plan, for in a bad moment that would be a bad plan until they are taken
/// again. Method: the server logs its plans under a load while it knows nothing of the tables, when it knows what they hold,
/// and when it has seen an outbox that is large and empty.
#[tokio::test]
async fn statistics_change_no_plan() {
    let environment = vec![(DELIVERY_INTERVAL.into(), "1".into())];
    let Some(system) = own_servers(SystemOptions { environment, ..Default::default() }).await else { return };
    let databases = [system.orders_database().await, system.payments_database().await];
    for database in &databases {
        database.execute(LOG_PLANS).await.unwrap();
    }
    let mut log = Log::open(system.servers().postgres().log());
    let load = system.load().await;
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for changes in [&[][..], &["ANALYZE"], &[MANY_WERE_SENT, "ANALYZE"]] {
        for database in &databases {
            for change in changes {
                database.execute(change).await.unwrap();
            }
        }
        log.plans();
        load.advances(300).await;
        let mut plans = Vec::new();
        // After a search of the outbox that took long the relay pauses.
        until(format!("every plan after {changes:?} is logged"), async || {
            plans.extend(log.plans());
            let is_missing = |statement: &&str| plans.iter().all(|(name, _)| name != statement);
            let missing = ["orders_create_new", "outbox_claim", "payments_record_decisions"]
                .into_iter()
                .find(is_missing);
            missing.map_or(Ok(()), |statement| Err(format!("that of {statement} is missing")))
        })
        .await;
        for (statement, plan) in plans {
            seen.entry(statement).or_default().insert(plan);
        }
    }
    load.stop().await;
    system.audit.passes().await;

    seen.retain(|_, plans| plans.len() > 1);
    assert!(seen.is_empty(), "these have several plans: {seen:#?}");
}

/// A server's log, read on.
struct Log {
    lines: BufReader<File>,
}

impl Log {
    /// From its end on.
    fn open(path: &Path) -> Self {
        let mut file = File::open(path).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        Self { lines: BufReader::new(file) }
    }

    /// The names of the statements that have been logged since, and what was done for each.
    fn plans(&mut self) -> Vec<(String, String)> {
        let mut plans = Vec::new();
        let mut json = String::new();
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            if line.starts_with('\t') {
                json.push_str(&line);
            } else {
                plans.extend(named_plan(&json));
                json.clear();
            }
            line.clear();
        }
        plans.extend(named_plan(&json));
        plans
    }
}

/// The name of a statement of the services, and its way to rows: nothing if it is none of theirs, or not written to its end
/// yet.
fn named_plan(json: &str) -> Option<(String, String)> {
    let logged: Value = serde_json::from_str(json).ok()?;
    let name = logged["Query Text"].as_str()?.strip_prefix("-- ")?.lines().next()?;
    let mut steps = steps(&logged["Plan"]);
    steps.sort();
    Some((name.to_owned(), steps.join(", ")))
}

/// Which tables are read or written, and by which index for which keys. A batch may be joined with what is read by merging
/// or by hashing it, whichever side, but not by going through one for each row of the other.
fn steps(node: &Value) -> Vec<String> {
    let of = |key| node[key].as_str().unwrap_or_default();
    let below = node["Plans"].as_array().into_iter().flatten().flat_map(steps);
    let is_told = node["Relation Name"].is_string()
        || node["Index Name"].is_string()
        || of("Node Type") == "Nested Loop";
    let step = ["Node Type", "Relation Name", "Index Name", "Index Cond"].map(of).join(" ");
    below.chain(is_told.then_some(step)).collect()
}

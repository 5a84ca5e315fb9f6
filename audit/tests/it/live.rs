//! The audit of a system at work.

use std::sync::mpsc::channel;
use std::thread;

use audit::{Audit, Event};
use e2e_tests::{Database, Load, Shop, until};
use stack::{System, SystemOptions};
use tokio::runtime;

use crate::support::{Books, servers};

/// How many audits run under load.
const AUDITS: usize = 30;

/// Goal: no false alarm while orders are made, paid and settled. Method: audits one after another under load, in chunks so
/// small that many end among orders on their way, and each with new ones.
#[tokio::test]
async fn system_at_work_is_clean_whenever_it_is_audited() {
    let options = SystemOptions { orders_replicas: 2, payments_replicas: 2, ..SystemOptions::default() };
    let system = System::start(&servers().await, options).await.unwrap();
    let addresses = system.addresses();
    let load = Load::start(&Shop::at(addresses.gateway.as_deref().unwrap()), 6);
    for chunk_rows in (1..=AUDITS).map(|audit| 20 * audit) {
        load.advances(20).await;
        let audit = Audit::of(&addresses.orders_database, &addresses.payments_database);
        let audit = Audit { chunk_rows, ..audit };
        assert_eq!(audit.findings().await.unwrap(), [], "in chunks of {chunk_rows}");
    }
    let book = load.stop().await;
    assert_eq!(book.flaws, [""; 0]);
    let audit = Audit::of(&addresses.orders_database, &addresses.payments_database);
    let counts = audit.run(None, |_| {}).await.unwrap();
    assert_eq!((counts.orders, counts.findings), (book.orders.len() as u64, 0));
    system.stop().await.unwrap();
}

/// Goal: whatever happens between the reads of the two databases, nothing looks wrong. Method: of the tables `orders` and
/// `payments` one is locked, so that the audit waits before it reads that one; meanwhile an order is made, paid and
/// settled.
#[tokio::test]
async fn order_that_is_made_and_settled_between_two_reads_is_no_finding() {
    for locks_orders in [true, false] {
        let books = Books::in_order().await;
        let (entries_checked, until_entries_checked) = channel();
        let (locked, until_locked) = channel();
        // One chunk, so that the new order belongs to what is being read.
        let audit = Audit { chunk_rows: 1000, ..books.audit.clone() };
        // On a thread of its own, which may stand still before the orders are read.
        let audit = thread::spawn(move || {
            let mut stops = Some(until_locked);
            let mut findings = Vec::new();
            let report = |event: Event<'_>| match event {
                Event::Finding(finding) => findings.push(finding.clone()),
                Event::Progress { counts, .. } if counts.entries == 100 => {
                    if let Some(until_locked) = stops.take() {
                        entries_checked.send(()).unwrap();
                        until_locked.recv().unwrap();
                    }
                }
                Event::Progress { .. } => {}
            };
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let counts = runtime.block_on(audit.run(None, report)).unwrap();
            (counts.orders, findings)
        });

        until_entries_checked.recv().unwrap();
        let (locking, table) =
            if locks_orders { (&books.orders, "orders") } else { (&books.payments, "payments") };
        locking.execute(&format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).await.unwrap();
        locked.send(()).unwrap();
        audit_waits(locking).await;
        let order = "INSERT INTO orders (id, user_id, amount, description, status, cancel_reason, created_at, updated_at)
                     VALUES (order_id(1000), order_id(0), 1, '', 'CANCELLED', 'ACCOUNT_NOT_FOUND', now(), now())";
        books.orders.execute(order).await.unwrap();
        let decision = "INSERT INTO payments (order_id, user_id, amount, outcome, reason, decided_at)
                        VALUES (order_id(1000), order_id(0), 1, 'FAILED', 'ACCOUNT_NOT_FOUND', now())";
        books.payments.execute(decision).await.unwrap();
        locking.execute("COMMIT").await.unwrap();
        assert_eq!(audit.join().unwrap(), (101, vec![]), "{table} is locked");
    }
}

async fn audit_waits(database: &Database) {
    let query = "SELECT count(*) FROM pg_stat_activity
                 WHERE application_name = 'gozon-audit' AND wait_event_type = 'Lock' AND datname = current_database()";
    until("the audit waits for the lock", async || match database.number(query).await {
        0 => Err("it does not".into()),
        _ => Ok(()),
    })
    .await;
}

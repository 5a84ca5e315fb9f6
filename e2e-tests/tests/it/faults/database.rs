//! The database killed, silent, away.

use std::time::{Duration, Instant};

use e2e_tests::{Account, Answer, Request, until};
use futures_util::future::{join, join_all};
use stack::SystemOptions;
use uuid::Uuid;

use crate::support::{Own, never_sweeping, own, own_machine, own_servers};

/// Services answer within two seconds; a slow machine may add to that, but the gateway, which gives a silent service ten,
/// must not be what ends the waiting.
const LIMIT: Duration = Duration::from_secs(5);

/// Goal: a database that dies loses nothing that was acknowledged; meanwhile clients get problem documents; afterwards
/// everything goes on by itself. Method: SIGKILL PostgreSQL under load, three times. The load itself checks each answer.
#[tokio::test]
async fn postgres_killed_under_load_loses_and_doubles_nothing() {
    let Some(system) = own_servers(never_sweeping()).await else { return };
    let load = system.load().await;
    for _ in 0..3 {
        let postgres = system.servers().postgres();
        postgres.kill();
        postgres.start().await.unwrap();
        load.advances(100).await;
    }
    let book = load.stop().await;
    assert!(!book.repetitions.is_empty(), "nobody noticed: {book:?}");
    system.audit.accounts_for(&book).await;
}

/// Goal: nothing is acknowledged before its commit has succeeded: a server that is shut down at once sends the row that it
/// had ready, and then fails. Method: constraints that fail at the commit, after every statement has succeeded.
#[tokio::test]
async fn posts_whose_commit_fails_are_not_acknowledged() {
    let Some(system) = own(SystemOptions::default()).await else { return };
    let account = system.shop.customer(1_000).await;
    let tables = [
        (system.orders_database().await, "orders"),
        (system.payments_database().await, "accounts, transactions"),
    ];
    for (database, tables) in &tables {
        database.execute(&failing_at_commit(tables)).await.unwrap();
    }
    for request in posts(&system, &account) {
        let answer = request.send().await;
        assert!(answer.status() >= 500, "{answer}");
    }
    assert_eq!(system.shop.balance(account.bill_id).await, 1_000);
    system.audit.passes().await;
}

/// Statements after which no transaction that inserts into one of the tables can commit.
fn failing_at_commit(tables: &str) -> String {
    let triggers = tables.split(", ").map(|table| {
        format!(
            "CREATE CONSTRAINT TRIGGER fails_at_commit AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION fail();"
        )
    });
    let function = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql
                    AS $$ BEGIN RAISE EXCEPTION 'the commit fails'; END $$;";
    std::iter::once(function.to_owned()).chain(triggers).collect()
}

/// Goal: with the database down a POST is refused in time, and says when to come again. Method: 25 of each kind at once,
/// each measured, while it refuses connections.
#[tokio::test]
async fn posts_without_a_database_are_refused_in_time() {
    let Some(system) = own_machine(SystemOptions::default()).await else { return };
    let account = system.shop.customer(1_000).await;
    system.servers().postgres().kill();
    for _ in 0..3 {
        all_unavailable_in_time(&system, &account).await;
    }
    system.servers().postgres().start().await.unwrap();
    recovers(&system, &account).await;
}

/// Goal: the same for a database that is connected and silent, which is worse. Method: halt it; requests come at once and
/// then one after another, so that they meet every stage of the services' giving up.
#[tokio::test]
async fn posts_with_a_silent_database_are_refused_in_time() {
    let Some(system) = own_machine(SystemOptions::default()).await else { return };
    let account = system.shop.customer(1_000).await;
    system.servers().postgres().pause().unwrap();
    join(all_unavailable_in_time(&system, &account), one_after_another(&system, &account)).await;
    system.servers().postgres().resume().unwrap();
    recovers(&system, &account).await;
}

/// 25 POSTs of each kind at once.
async fn all_unavailable_in_time(system: &Own, account: &Account) {
    let mut requests = Vec::new();
    for _ in 0..25 {
        requests.extend(posts(system, account));
    }
    for (answer, took) in join_all(requests.into_iter().map(measured)).await {
        assert_unavailable(&answer, took);
    }
}

/// POSTs of each kind that begin a tenth of a second apart.
async fn one_after_another(system: &Own, account: &Account) {
    let late = (1..40).flat_map(|tenths| {
        posts(system, account).into_iter().map(move |request| async move {
            tokio::time::sleep(Duration::from_millis(100 * tenths)).await;
            measured(request).await
        })
    });
    for (answer, took) in join_all(late).await {
        assert_unavailable(&answer, took);
    }
}

fn posts(system: &Own, account: &Account) -> [Request; 3] {
    let shop = &system.shop;
    [
        shop.ordering(account.user_id, 1, "now or never"),
        shop.depositing(account.bill_id, 1),
        shop.opening(Uuid::new_v4()),
    ]
}

async fn measured(request: Request) -> (Answer, Duration) {
    let begun = Instant::now();
    (request.send().await, begun.elapsed())
}

fn assert_unavailable(answer: &Answer, took: Duration) {
    answer.problem(503, "database_unavailable");
    assert_eq!(answer.header("Retry-After"), Some("1"), "{answer}");
    assert!(took < LIMIT, "after {took:?}: {answer}");
}

/// Orders are taken and paid again, without anybody's help.
async fn recovers(system: &Own, account: &Account) {
    let shop = &system.shop;
    until("an order is taken again", async || {
        let answer = shop.ordering(account.user_id, 1, "again").send().await;
        if answer.status() == 201 { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
    until("a deposit is taken again", async || {
        let answer = shop.depositing(account.bill_id, 1).send().await;
        if answer.status() == 200 { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
    system.audit.passes().await;
}

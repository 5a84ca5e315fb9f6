//! Inbox: whoever sees an id as old sees what was committed with it.

use std::collections::HashSet;

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::SimpleAsyncConnection;
use futures_util::future::join_all;
use messaging::{inbox, transaction};
use uuid::Uuid;

use crate::support::{World, eventually};

fn ids(number: usize) -> Vec<Uuid> {
    (0..number).map(|_| Uuid::now_v7()).collect()
}

/// Goal: a concurrent twin waits for the outcome. Method: two transactions with the same ids in opposite orders; the
/// second gets its answer only when the first has committed, or rolled back.
#[tokio::test(flavor = "multi_thread")]
async fn second_transaction_waits_for_the_first_and_sees_its_ids_as_old() {
    let world = World::calm().await;
    for commits in [true, false] {
        let mut first = world.conn().await;
        let ids = ids(3);
        let reversed: Vec<Uuid> = ids.iter().rev().copied().collect();
        assert_eq!(transaction::begin(&first, inbox::accept(&first, &ids)).await.unwrap().len(), 3);
        let (accepted, ()) = tokio::join!(world.accept(&reversed), async {
            let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            eventually("the second waits", async || world.count(waiting).await == 1).await;
            match commits {
                true => transaction::commit(&first).await.unwrap(),
                false => first.batch_execute("ROLLBACK").await.unwrap(),
            }
        });
        let expected = if commits { HashSet::new() } else { ids.into_iter().collect() };
        assert_eq!(accepted, expected);
    }
}

/// Goal: transactions with the same ids in different orders never wait for each other in a circle. Method: let four at
/// a time insert the same 500 ids, shuffled, again and again; each id is new to one of them.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_transactions_do_not_deadlock() {
    let world = World::calm().await;
    for _ in 0..10 {
        let ids = ids(500);
        let accept = async |shuffled: usize| {
            let mut ids = ids.clone();
            match shuffled {
                0 => {}
                1 => ids.reverse(),
                _ => fastrand::shuffle(&mut ids),
            }
            world.accept(&ids).await
        };
        let (a, b, c, d) = tokio::join!(accept(0), accept(1), accept(2), accept(3));
        assert_eq!(a.len() + b.len() + c.len() + d.len(), 500);
    }
}

/// Goal: the same of ids that are taken to be new; one transaction has them, and the others are told. Method: as above.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_transactions_with_new_ids_do_not_deadlock() {
    let world = World::calm().await;
    for _ in 0..10 {
        let ids = ids(500);
        let accept = async |_| {
            let mut ids = ids.clone();
            fastrand::shuffle(&mut ids);
            let mut conn = world.conn().await;
            let accepted = transaction::begin(&conn, inbox::accept_new(&conn, &ids)).await;
            match &accepted {
                Ok(_) => transaction::commit(&conn).await.unwrap(),
                Err(_) => conn.batch_execute("ROLLBACK").await.unwrap(),
            }
            accepted.map(|accepted| accepted.len())
        };
        let outcomes = join_all((0..4).map(accept)).await;
        let is_told = |outcome: &QueryResult<usize>| {
            matches!(outcome, Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
        };
        assert!(outcomes.contains(&Ok(500)), "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| is_told(outcome)).count(), 3, "{outcomes:?}");
    }
}

/// Goal: if BEGIN fails, what was sent along with it takes no effect, and whoever sent it is told. Method: accept an id
/// without a transaction, before the connection has had one and after, and in a transaction that was begun otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_accepted_without_a_transaction() {
    let world = World::calm().await;
    let mut conn = world.conn().await;
    let ids = ids(1);
    inbox::accept(&conn, &ids).await.unwrap_err();
    inbox::accept_new(&conn, &ids).await.unwrap_err();
    transaction::begin(&conn, inbox::accept(&conn, &[])).await.unwrap();
    transaction::commit(&conn).await.unwrap();
    inbox::accept(&conn, &ids).await.unwrap_err();
    conn.batch_execute("BEGIN").await.unwrap();
    inbox::accept(&conn, &ids).await.unwrap_err();
    conn.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(world.accept(&ids).await.len(), 1);
}

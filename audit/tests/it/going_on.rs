//! Audits that go on where others have come to.

use std::time::Duration;

use audit::Event;
use tokio::sync::oneshot;

use crate::support::{ACCOUNTS, Books, ORDERS};

/// Goal: an interruption costs little. Method: an audit is dropped among the orders; the next one checks the others, and
/// only them.
#[tokio::test]
async fn interrupted_audit_goes_on_where_it_was() {
    let books = Books::in_order().await;
    let (interrupt, interrupted) = oneshot::channel();
    let (mut interrupt, mut before) = (Some(interrupt), None);
    let watch = |event: Event<'_>| {
        if let Event::Progress { counts, position } = event {
            before = Some((*counts, position.clone()));
            if counts.orders >= 30
                && let Some(interrupt) = interrupt.take()
            {
                interrupt.send(()).unwrap();
            }
        }
    };
    tokio::select! {
        biased;
        _ = interrupted => {}
        done = books.audit.run(None, watch) => panic!("it was not interrupted: {done:?}"),
    }
    let (before, position) = before.unwrap();
    assert!((30..ORDERS).contains(&before.orders), "{before}");
    let (after, _) = books.audit_from(Some(position)).await;
    assert_eq!(before.orders + after.orders, ORDERS);
}

/// Goal: regular audits are cheap, and see what is new. Method: after one that ended, another checks no order again, but
/// every balance; then a new order is wrong.
#[tokio::test]
async fn next_audit_checks_balances_and_what_is_newer() {
    let books = Books::in_order().await;
    let (_, position) = books.audit_from(None).await;
    let (counts, position) = books.audit_from(Some(position)).await;
    assert_eq!((counts.accounts, counts.orders, counts.decisions), (ACCOUNTS, 0, 0));
    assert!(counts.entries < 10, "{counts}");

    let statements = "INSERT INTO orders (id, user_id, amount, description, status, created_at, updated_at)
                      VALUES (order_id(1000), order_id(0), 1, '', 'FINISHED', now(), now())";
    books.orders.execute(statements).await.unwrap();
    let (counts, _) = books.audit_from(Some(position)).await;
    assert_eq!((counts.orders, counts.findings), (1, 1));
}

/// Goal: nobody forgets a violation by going on, nor misses what becomes of an order. Method: an old order is wrong, then
/// NEW and within patience, then mended; audits follow each other.
#[tokio::test]
async fn position_passes_neither_violation_nor_new_order() {
    let mut books = Books::in_order().await;
    books.audit.patience = Duration::from_secs(u32::MAX.into());
    let mut position = None;
    let wrong = "UPDATE orders SET amount = 99 WHERE id = order_id(11)";
    let new =
        "UPDATE orders SET amount = 100, status = 'NEW', delivery_status = NULL WHERE id = order_id(11)";
    let mended =
        "UPDATE orders SET status = 'FINISHED', delivery_status = 'DELIVERED' WHERE id = order_id(11)";
    // The first ten orders are passed.
    let rest = ORDERS - 10;
    for (statement, orders, findings) in
        [(wrong, ORDERS, 1), (wrong, rest, 1), (new, rest, 0), (mended, rest, 0)]
    {
        books.orders.execute(statement).await.unwrap();
        let (counts, next) = books.audit_from(position).await;
        assert_eq!((counts.orders, counts.findings), (orders, findings), "{statement}");
        position = Some(next);
    }
    let (counts, _) = books.audit_from(position).await;
    assert_eq!(counts.orders, 0);
}

/// Goal: a position that is used with other databases hides nothing.
#[tokio::test]
async fn position_has_no_effect_on_other_databases() {
    let (books, others) = (Books::in_order().await, Books::in_order().await);
    let (_, position) = books.audit_from(None).await;
    let (counts, _) = others.audit_from(Some(position)).await;
    assert_eq!(counts.orders, ORDERS);
}

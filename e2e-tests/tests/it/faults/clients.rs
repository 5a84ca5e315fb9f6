//! Clients and operators that do harm.

use e2e_tests::{Account, Database, Order, wire};
use stack::SystemOptions;

use crate::support::{fresh_key, own};

/// Goal: a client may vanish in the middle of a request: its order is there whole or not at all, and repeating the request
/// finds out. Method: requests cut at every place, and whole ones whose answer nobody waits for, through the gateway and
/// straight to the service; then each is repeated with its key.
#[tokio::test]
async fn client_that_vanishes_leaves_a_whole_order_or_none() {
    let Some(system) = own(SystemOptions::default()).await else { return };
    let shop = &system.shop;
    let user = shop.customer(1_000_000).await.user_id;
    let path = format!("/orders/create/{user}");
    let mut keys = Vec::new();
    for base in [shop.base(), &system.addresses().orders[0]] {
        for step in 0..60 {
            let key = fresh_key();
            let body = format!(r#"{{"amount":1,"description":"{key}"}}"#);
            let request = wire::post(&path, &format!("Idempotency-Key: {key}\r\n"), &body);
            // The second half are whole: what is cut off is the answer.
            let length = if step < 30 { request.len() * step / 30 } else { request.len() };
            wire::send_and_hang_up(base, &request[..length]).await.unwrap();
            keys.push(key);
        }
    }
    let mut replayed = 0;
    for key in &keys {
        let answer = shop.ordering(user, 1, key).key(key).send().await.expect(201);
        replayed += usize::from(answer.is_replayed());
        assert_eq!(answer.json::<Order>().description, *key);
    }
    println!("{replayed} of {} orders existed", keys.len());
    let orders = system.orders_database().await;
    let count = orders.number("SELECT count(*) FROM orders").await;
    assert_eq!(count, keys.len() as i64);
    system.audit.passes().await;
}

/// Goal: the ledger and the decisions can't be rewritten, not even by a service that is taken over. Method: as the role
/// that the service acts in, every way of changing them is refused. That it acts in that role shows when the role loses
/// the right to write entries.
#[tokio::test]
async fn services_role_can_not_rewrite_the_ledger() {
    let Some(system) = own(SystemOptions::default()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(1_000).await;
    shop.until_final(shop.order(user_id, 10).await.id).await;
    let database = system.payments_database().await;
    database.execute("SET ROLE payments_app").await.unwrap();
    for table in ["transactions", "payments"] {
        for statement in [
            format!("UPDATE {table} SET amount = amount + 1"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!("DROP TABLE {table}"),
            format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
        ] {
            assert_refused(&database, &statement).await;
        }
        database.number(&format!("SELECT count(*) FROM {table}")).await;
    }
    assert_refused(&database, "DELETE FROM accounts").await;

    database.execute("RESET ROLE; REVOKE INSERT ON transactions FROM payments_app").await.unwrap();
    shop.depositing(bill_id, 1).send().await.problem(503, "database_unavailable");
    database.execute("GRANT INSERT ON transactions TO payments_app").await.unwrap();
    assert_eq!(shop.deposit(bill_id, 1).await.balance, 991);
    system.audit.passes().await;
}

/// The database refuses it for want of a privilege, and for nothing else.
async fn assert_refused(database: &Database, statement: &str) {
    let error = database.execute(statement).await.expect_err(statement);
    let code = error.code().map(tokio_postgres::error::SqlState::code);
    assert_eq!(code, Some("42501"), "{statement}: {error}");
}

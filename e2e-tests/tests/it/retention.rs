//! Inboxes that forget: neither the money nor an order depends on what they remember.

use e2e_tests::events::{REQUESTS_KEY, RESULTS_KEY, batch, event_id, order_created, payment_succeeded};
use e2e_tests::{Account, Database, until};
use uuid::Uuid;

use crate::support::{never_sweeping, own};

/// Drops the partitions with all that they hold, and empties the one that stays.
const FORGET: &str = "DO $$ DECLARE partition regclass; BEGIN
    FOR partition IN SELECT name FROM inbox_partitions LOOP EXECUTE format('DROP TABLE %s', partition); END LOOP;
    DELETE FROM inbox;
END $$";

/// Goal: what comes again after its day was dropped debits nothing and settles nothing a second time. Method: an order is
/// paid and final; both inboxes lose their days; its request is published again, then its result; both are taken in as new,
/// the result is told again, and no row is another but in the inboxes.
#[tokio::test]
async fn order_that_both_inboxes_have_forgotten_is_neither_paid_nor_settled_twice() {
    let Some(system) = own(never_sweeping()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(100).await;
    let order = shop.order(user_id, 40).await;
    assert_eq!(shop.until_final(order.id).await.status, "FINISHED");
    let (orders, payments) = (system.orders_database().await, system.payments_database().await);
    let (request, result) = (event_id(order.id, "OrderCreated"), event_id(order.id, "PaymentSucceeded"));
    let before = state(&orders, &payments).await;
    for (database, id) in [(&payments, request), (&orders, result)] {
        assert!(remembers(database, id).await);
        database.execute(FORGET).await.unwrap();
        assert!(!remembers(database, id).await);
    }

    system.broker.publish(REQUESTS_KEY, &batch(&[order_created(&order)])).await;
    until_remembers(&payments, request).await;
    // Told again by payments-service, and taken.
    until_remembers(&orders, result).await;
    orders.execute("DELETE FROM inbox").await.unwrap();
    system.broker.publish(RESULTS_KEY, &batch(&[payment_succeeded(&order)])).await;
    until_remembers(&orders, result).await;

    assert_eq!(state(&orders, &payments).await, before);
    assert_eq!((shop.balance(bill_id).await, shop.ledger(bill_id).await.len()), (60, 2));
    assert_eq!(system.broker.dead_letters().await.len(), 0);
    system.audit.passes().await;
}

/// Goal: days come and go under load, and nothing is lost or done twice. Method: days of a second and a horizon of two, as
/// the upkeep's function can have them, until six of each inbox are gone.
#[tokio::test]
async fn inboxes_that_drop_their_days_under_load_lose_and_double_nothing() {
    let Some(system) = own(never_sweeping()).await else { return };
    let load = system.load().await;
    for database in [system.orders_database().await, system.payments_database().await] {
        // Made at the service's start, and in the way of shorter ones.
        let partitions = "SELECT count(*) FROM inbox_partitions";
        until("there are days", async || match database.number(partitions).await {
            0 => Err("there are none".to_owned()),
            _ => Ok(()),
        })
        .await;
        database.execute(FORGET).await.unwrap();
        let mut dropped = 0;
        until("six partitions with ids are dropped", async || {
            load.advances(1).await;
            let full =
                "SELECT count(DISTINCT tableoid) FROM inbox WHERE tableoid <> 'inbox_default'::regclass";
            let before = database.number(full).await;
            let upkeep = "SELECT partitions_dropped::bigint FROM inbox_upkeep('2 seconds', '1 second')";
            dropped += database.number(upkeep).await.min(before);
            let partitions = database.number(partitions).await;
            if dropped < 6 { Err(format!("{dropped} are, and there are {partitions}")) } else { Ok(()) }
        })
        .await;
    }
    let book = load.stop().await;
    system.audit.accounts_for(&book).await;
    assert_eq!(system.broker.dead_letters().await.len(), 0);
}

/// Every row of both databases but those that carry messages.
async fn state(orders: &Database, payments: &Database) -> Vec<String> {
    let mut rows = orders.texts("SELECT to_jsonb(orders)::text FROM orders ORDER BY id").await;
    for (table, key) in [("accounts", "id"), ("transactions", "id"), ("payments", "order_id")] {
        rows.extend(
            payments.texts(&format!("SELECT to_jsonb({table})::text FROM {table} ORDER BY {key}")).await,
        );
    }
    rows
}

async fn remembers(database: &Database, id: Uuid) -> bool {
    database.number(&format!("SELECT count(*) FROM inbox WHERE message_id = '{id}'")).await == 1
}

async fn until_remembers(database: &Database, id: Uuid) {
    until("the message is taken in", async || {
        if remembers(database, id).await { Ok(()) } else { Err(format!("{id} is not")) }
    })
    .await;
}

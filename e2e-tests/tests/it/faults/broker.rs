//! The broker restarted, wiped, away.

use e2e_tests::{Account, Book, Order, Shop, until};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::support::{never_sweeping, own_servers, sweeping_soon};

/// Goal: a broker that restarts holds orders up and nothing else. Method: restart it under load, in good order and by
/// SIGKILL, with the sweep off: what the broker has confirmed, it keeps.
#[tokio::test]
async fn broker_restarted_under_load_loses_and_doubles_nothing() {
    let Some(system) = own_servers(never_sweeping()).await else { return };
    let load = system.load().await;
    let broker = system.servers().rabbitmq();
    broker.restart().await.unwrap();
    load.advances(100).await;
    broker.kill();
    load.advances(100).await;
    broker.start().await.unwrap();
    load.advances(100).await;
    let book = load.stop().await;
    assert_unnoticed(&book);
    system.audit.accounts_for(&book).await;
}

/// Goal: every accepted order becomes final though all queues and what was in them are gone. Method: wipe the broker's disk
/// under load, twice.
#[tokio::test]
async fn broker_wiped_under_load_loses_and_doubles_nothing() {
    let Some(system) = own_servers(sweeping_soon()).await else { return };
    let load = system.load().await;
    for _ in 0..2 {
        system.servers().wipe_rabbitmq().await.unwrap();
        load.advances(100).await;
    }
    let book = load.stop().await;
    assert_unnoticed(&book);
    system.audit.accounts_for(&book).await;
}

/// Goal: orders are taken without the broker, and paid when it is back. Method: 20 orders while it is down, and one more
/// after orders-service was killed.
#[tokio::test]
async fn orders_taken_without_the_broker_are_paid_when_it_is_back() {
    let Some(system) = own_servers(never_sweeping()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(1_000).await;
    let broker = system.servers().rabbitmq();
    broker.terminate().await.unwrap();
    let mut orders = join_all((0..20).map(|i| taken(shop, user_id, format!("before-{i}")))).await;
    system.orders(0).kill();
    system.orders(0).launch().unwrap();
    orders.push(taken(shop, user_id, "after-a-restart".into()).await);
    for order in &orders {
        assert_eq!(shop.status(order.id).await.status, "NEW");
    }
    let ready = Shop::at(&system.addresses().orders[0]).get("/health/ready").send().await;
    assert_eq!(ready.status(), 503, "{ready}");

    broker.start().await.unwrap();
    for order in &orders {
        assert_eq!(shop.until_final(order.id).await.status, "FINISHED");
    }
    assert_eq!(shop.balance(bill_id).await, 1_000 - 10 * orders.len() as i64);
    system.audit.passes().await;
}

/// An order for 10 kopecks, once it is taken.
async fn taken(shop: &Shop, user: Uuid, key: String) -> Order {
    until(format!("order {key} is taken"), async || {
        let answer = shop.ordering(user, 10, "a thing").key(&key).send().await;
        if answer.status() == 201 { Ok(answer.json()) } else { Err(answer.to_string()) }
    })
    .await
}

/// What happens to the broker is nothing to clients. (A slow machine that starts one may keep a commit waiting for longer
/// than a request does.)
fn assert_unnoticed(book: &Book) {
    let noticed = book.repetitions.keys().find(|code| !code.contains("database_unavailable"));
    assert_eq!(noticed, None, "{:?}", book.repetitions);
}

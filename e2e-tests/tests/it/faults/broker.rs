//! The broker restarted, wiped, away.

use e2e_tests::Account;
use futures_util::future::join_all;

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
    assert!(book.repetitions.is_empty(), "clients must not notice: {:?}", book.repetitions);
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
    assert!(book.repetitions.is_empty(), "clients must not notice: {:?}", book.repetitions);
    system.audit.accounts_for(&book).await;
}

/// Goal: orders are taken without the broker, and paid when it is back. Method: 30 orders while it is down, and services
/// that are restarted meanwhile.
#[tokio::test]
async fn orders_taken_without_the_broker_are_paid_when_it_is_back() {
    let Some(system) = own_servers(never_sweeping()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(1_000).await;
    let broker = system.servers().rabbitmq();
    broker.terminate().await.unwrap();
    let mut orders = join_all((0..20).map(|_| shop.order(user_id, 10))).await;
    system.orders(0).kill();
    system.orders(0).launch().unwrap();
    e2e_tests::until("orders are taken again", async || {
        let answer = shop.ordering(user_id, 10, "after a restart").send().await;
        if answer.status() != 201 {
            return Err(answer.to_string());
        }
        orders.push(answer.json());
        Ok(())
    })
    .await;
    for order in &orders {
        assert_eq!(shop.status(order.id).await.status, "NEW");
    }
    let ready = e2e_tests::Shop::at(&system.addresses().orders[0]).get("/health/ready").send().await;
    assert_eq!(ready.status(), 503, "{ready}");

    broker.start().await.unwrap();
    for order in &orders {
        assert_eq!(shop.until_final(order.id).await.status, "FINISHED");
    }
    assert_eq!(shop.balance(bill_id).await, 1_000 - 10 * orders.len() as i64);
    system.audit.passes().await;
}

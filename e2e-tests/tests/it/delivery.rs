//! Delivery: paid orders are shipped and then delivered, each once, whoever does it.

use std::collections::HashSet;

use e2e_tests::events::event_id;
use e2e_tests::until;
use futures_util::future::join_all;
use serde_json::Value;
use stack::SystemOptions;
use uuid::Uuid;

use crate::support::{DELIVERY_INTERVAL, Own, own};

/// Where steps are told of.
const DELIVERIES_KEY: &str = "order-deliveries";
const STEPS: &str = "steps";

/// Goal: a step in each tick, and not two. Method: three replicas, more orders than a batch has, and ticks that only the
/// test begins.
#[tokio::test]
async fn every_paid_order_makes_one_step_in_each_tick() {
    let Some(system) = own(delivering(3_600, 3)).await else { return };
    system.until_tick_begun().await;
    let paid = paid_orders(&system, 600).await;
    let refused = system.shop.order(Uuid::new_v4(), 1).await;
    system.shop.until_final(refused.id).await;
    for step in ["SHIPPED", "DELIVERED"] {
        let database = system.orders_database().await;
        system.tick().await;
        until_all(&system, step, 600).await;
        let others = "SELECT count(*) FROM orders WHERE status = 'FINISHED' AND delivery_status <> ";
        assert_eq!(database.number(&format!("{others} '{step}'")).await, 0);
        let refused = system.shop.status(refused.id).await;
        assert_eq!((refused.status.as_str(), refused.delivery_status), ("CANCELLED", None));
    }
    assert_eq!(system.orders_database().await.number("SELECT count(*) FROM deliveries").await, 0);
    assert_eq!(system.shop.status(paid[0]).await.status, "FINISHED");
    system.audit.passes().await;
}

/// Goal: each order is shipped once and delivered once, none is forgotten. Method: ticks every second by three replicas,
/// which are killed one after another all the while; whoever wants to know of steps has a queue for that.
#[tokio::test]
async fn each_order_is_shipped_and_delivered_once_while_replicas_are_killed() {
    let Some(system) = own(delivering(1, 3)).await else { return };
    system.broker.listen(STEPS, DELIVERIES_KEY).await;
    let mut orders = Vec::new();
    for round in 0..12 {
        orders.extend(paid_orders(&system, 50).await);
        let victim = system.orders(round % 3);
        victim.kill();
        victim.start().await.unwrap();
    }
    until_all(&system, "DELIVERED", orders.len()).await;
    system.audit.passes().await;

    let expected: HashSet<String> = orders
        .iter()
        .flat_map(|order| ["OrderShipped", "OrderDelivered"].map(|kind| event_id(*order, kind).to_string()))
        .collect();
    let told = until("every step is told of", async || {
        let events: Vec<Value> =
            system.broker.look(STEPS).await.iter().flat_map(e2e_tests::Taken::events).collect();
        let ids: HashSet<String> =
            events.iter().filter_map(|event| Some(event["id"].as_str()?.to_owned())).collect();
        if ids.len() >= expected.len() {
            Ok(ids)
        } else {
            Err(format!("{} of {}", ids.len(), expected.len()))
        }
    })
    .await;
    assert_eq!(told, expected);
}

/// Goal: that nobody delivers loses no order. Method: orders are paid while deliveries are off, and delivered when they
/// are on again.
#[tokio::test]
async fn orders_wait_while_deliveries_are_off() {
    let Some(system) = own(delivering(0, 1)).await else { return };
    let orders = paid_orders(&system, 10).await;
    let service = system.orders(0);
    assert_eq!(system.shop.status(orders[0]).await.delivery_status.as_deref(), Some("PENDING"));
    service.set_environment(DELIVERY_INTERVAL, Some("1"));
    service.restart().await.unwrap();
    until_all(&system, "DELIVERED", orders.len()).await;
}

fn delivering(interval_seconds: u32, replicas: usize) -> SystemOptions {
    let environment = vec![(DELIVERY_INTERVAL.into(), interval_seconds.to_string())];
    SystemOptions { orders_replicas: replicas, environment, ..Default::default() }
}

async fn paid_orders(system: &Own, count: usize) -> Vec<Uuid> {
    let account = system.shop.customer(1_000_000).await;
    let orders = join_all((0..count).map(|_| system.shop.order(account.user_id, 1))).await;
    // One after another: hundreds who ask at once may be told to come back later.
    for order in &orders {
        system.shop.until_final(order.id).await;
    }
    orders.iter().map(|order| order.id).collect()
}

async fn until_all(system: &Own, status: &str, number: usize) {
    let database = system.orders_database().await;
    let query = format!("SELECT count(*) FROM orders WHERE delivery_status = '{status}'");
    until(format!("{number} orders are {status}"), async || match database.number(&query).await {
        count if count == number as i64 => Ok(()),
        count => Err(format!("{count} are")),
    })
    .await;
}

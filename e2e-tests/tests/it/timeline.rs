//! What an order's timeline says.

use e2e_tests::events::event_id;
use e2e_tests::{Order, until};
use serde_json::Value;
use stack::SystemOptions;
use uuid::Uuid;

use crate::support::{DELIVERY_INTERVAL, outside, own};

/// Goal: "where is my order" has an answer, and events can be found by it. Method: an order that is delivered, one that
/// is refunded, one that could not be paid.
#[tokio::test]
async fn timeline_tells_every_step_with_its_time_and_event() {
    let environment = vec![(DELIVERY_INTERVAL.into(), "1".into())];
    let Some(system) = own(SystemOptions { environment, ..Default::default() }).await else { return };
    let shop = &system.shop;
    let account = shop.customer(100).await;
    let refused = shop.order(account.user_id, 500).await;
    shop.until_final(refused.id).await;
    let delivered = shop.order(account.user_id, 60).await;
    let order = until_timeline_ends_with(shop, &delivered, "DELIVERED").await;
    assert_eq!(
        told(&order, delivered.id),
        [
            ("CREATED", "", ""),
            ("PAYMENT_REQUESTED", "OrderCreated", ""),
            ("PAYMENT_DECIDED", "PaymentSucceeded", "PAID"),
            ("SETTLED", "PaymentSucceeded", "PAID"),
            ("SHIPPED", "OrderShipped", ""),
            ("DELIVERED", "OrderDelivered", ""),
        ]
    );
    let times: Vec<&str> = order.iter().map(|step| step["at"].as_str().unwrap()).collect();
    assert_eq!(times[0], delivered.created_at);
    let order = until_timeline_ends_with(shop, &refused, "SETTLED").await;
    let failed = [
        ("CREATED", "", ""),
        ("PAYMENT_REQUESTED", "OrderCreated", ""),
        ("PAYMENT_DECIDED", "PaymentFailed", "INSUFFICIENT_FUNDS"),
        ("SETTLED", "PaymentFailed", "INSUFFICIENT_FUNDS"),
    ];
    assert_eq!(told(&order, refused.id), failed);
}

#[tokio::test]
async fn timeline_of_a_refunded_order_tells_who_wanted_it() {
    let system = outside().await;
    let shop = &system.shop;
    let account = shop.customer(100).await;
    let order = shop.order(account.user_id, 60).await;
    shop.until_final(order.id).await;
    shop.cancelling(order.id).send().await.expect(202);
    let timeline = until_timeline_ends_with(shop, &order, "REFUNDED").await;
    assert_eq!(
        told(&timeline, order.id)[2..],
        [
            ("PAYMENT_DECIDED", "PaymentSucceeded", "PAID"),
            ("SETTLED", "PaymentSucceeded", "PAID"),
            ("CANCEL_REQUESTED", "OrderCancelRequested", ""),
            ("REFUNDED", "PaymentRefunded", ""),
        ]
    );
    shop.get(&format!("/orders/timeline/{}", Uuid::now_v7())).send().await.problem(404, "order_not_found");
}

async fn until_timeline_ends_with(shop: &e2e_tests::Shop, order: &Order, step: &str) -> Vec<Value> {
    until(format!("order {} is {step}", order.id), async || {
        let answer = shop.get(&format!("/orders/timeline/{}", order.id)).send().await.expect(200);
        let timeline: Value = answer.json();
        let steps = timeline["steps"].as_array().unwrap().clone();
        if steps.last().unwrap()["step"] == step { Ok(steps) } else { Err(format!("{steps:?}")) }
    })
    .await
}

/// Each step with the kind of event that its id is of, and its reason.
fn told(steps: &[Value], order: Uuid) -> Vec<(&str, &'static str, &str)> {
    const KINDS: [&str; 7] = [
        "OrderCreated",
        "OrderCancelRequested",
        "OrderShipped",
        "OrderDelivered",
        "PaymentSucceeded",
        "PaymentFailed",
        "PaymentRefunded",
    ];
    let told = steps.iter().map(|step| {
        let id = step["event_id"].as_str();
        let kind = KINDS.into_iter().find(|kind| id == Some(event_id(order, kind).to_string().as_str()));
        assert_eq!(id.is_some(), kind.is_some(), "{step}");
        (
            step["step"].as_str().unwrap(),
            kind.unwrap_or_default(),
            step["reason"].as_str().unwrap_or_default(),
        )
    });
    told.collect()
}

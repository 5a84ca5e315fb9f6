//! The shop in C#: `POST /orders/create` with the user in the body, a push when the status changes (SignalR there, a
//! WebSocket or server-sent events here), `/swagger`.

use e2e_tests::Watch;
use serde_json::{Value, json};
use stack::SystemOptions;

use crate::support::{outside, own};

/// Goal: an order is placed, and its status is pushed until it is final. Method: watch, place, wait.
#[tokio::test]
async fn status_of_an_order_is_pushed() {
    let outside = outside().await;
    let shop = &outside.shop;
    let user = shop.customer(1_000).await.user_id;
    let mut watch = Watch::start(shop.get(&format!("/orders/events/{user}"))).await;
    watch.until(&["reset"]).await;
    for field in ["userId", "user_id"] {
        let body = json!({ field: user, "amount": 500, "description": "тестовая покупка" });
        let created = shop.post("/orders/create").json(body).send().await.expect(201);
        let order: Value = created.json();
        assert_eq!(order["status"], "NEW");
        let told = loop {
            let told = watch.until(&["order"]).await;
            if told.data["id"] == order["id"] && told.data["status"] != "NEW" {
                break told;
            }
        };
        assert_eq!(told.data["status"], "FINISHED");
        let listed: Vec<Value> = shop.get(&format!("/orders?user_id={user}")).send().await.expect(200).json();
        assert_eq!(listed[0]["id"], order["id"]);
        let whole: Value = shop.get(created.header("Location").unwrap()).send().await.expect(200).json();
        assert_eq!((&whole["amount"], &whole["status"]), (&500.into(), &"FINISHED".into()));
    }
}

/// Goal: what is asked of payments, and what they say, goes by the names that are known. Method: both queues are there,
/// and bound to their keys.
#[tokio::test]
async fn requests_and_results_go_by_their_names() {
    let Some(system) = own(SystemOptions::default()).await else { return };
    for (queue, key) in [
        ("payments.order-payment-requests", "order-payment-requests"),
        ("orders.order-payment-results", "order-payment-results"),
    ] {
        assert_eq!(system.broker.try_is_bound(queue, key).await, Ok(true), "{queue}");
    }
}

/// Goal: the documentation is at `/swagger`.
#[tokio::test]
async fn documentation_is_at_swagger() {
    let outside = outside().await;
    let page = outside.shop.get("/swagger").send().await.expect(200);
    assert!(page.text().contains("<title>Gozon API</title>"), "{page}");
}

//! The shop in Go: `/orders` with the user as a parameter, a ledger, events with a schema, Swagger UI, and gRPC inside.
//! Its `CANCELED` is `CANCELLED` here.

use serde_json::{Value, json};
use stack::SystemOptions;
use uuid::Uuid;

use super::until_final;
use crate::support::{outside, own};

/// Goal: orders are placed, listed and looked at. Method: its three routes.
#[tokio::test]
async fn orders_are_placed_listed_and_looked_at() {
    let outside = outside().await;
    let shop = &outside.shop;
    let user = shop.customer(1_000).await.user_id;
    let body = |amount| json!({ "user_id": user, "amount": amount, "description": "тестовая покупка" });
    let created = shop.post("/orders").json(body(1_000)).send().await.expect(201);
    let order: Value = created.json();
    assert_eq!((&order["user_id"], &order["status"]), (&user.to_string().into(), &"NEW".into()));
    let path = created.header("Location").unwrap();
    assert_eq!(path, format!("/orders/{}", order["id"].as_str().unwrap()));
    let paid = until_final(shop, path).await;
    assert_eq!((&paid["status"], &paid["description"]), (&"FINISHED".into(), &"тестовая покупка".into()));
    let refused = shop.post("/orders").json(body(1)).send().await.expect(201).json::<Value>()["id"].clone();
    let refused = until_final(shop, &format!("/orders/{}", refused.as_str().unwrap())).await;
    assert_eq!(refused["status"], "CANCELLED");
    let orders: Vec<Value> = shop.get(&format!("/orders?user_id={user}")).send().await.expect(200).json();
    let listed: Vec<_> = orders.iter().map(|order| (&order["id"], &order["status"])).collect();
    assert_eq!(listed, [&refused, &paid].map(|order| (&order["id"], &order["status"])));
    shop.get(&format!("/orders/{}", Uuid::new_v4())).send().await.problem(404, "order_not_found");
    shop.get("/orders").send().await.problem(400, "invalid_query");
}

/// Goal: a second account is an error, and each deposit and debit is a transaction in the log.
#[tokio::test]
async fn accounts_are_opened_once_and_keep_a_log() {
    let outside = outside().await;
    let shop = &outside.shop;
    let account = shop.customer(1_000).await;
    shop.opening(account.user_id).send().await.problem(409, "account_exists");
    let order = shop.order(account.user_id, 400).await;
    shop.until_final(order.id).await;
    let ledger = shop.ledger(account.bill_id).await;
    let log: Vec<_> = ledger.iter().map(|entry| (&*entry.kind, entry.amount, entry.order_id)).collect();
    assert_eq!(log, [("DEBIT", 400, Some(order.id)), ("CREDIT", 1_000, None)]);
}

/// Goal: events say which they are, of what type, when, and what. Method: those of one paid order, taken from the exchange.
#[tokio::test]
async fn events_have_an_id_a_type_a_time_and_data() {
    let Some(system) = own(SystemOptions::default()).await else { return };
    for key in ["order-payment-requests", "order-payment-results"] {
        system.broker.listen("everything", key).await;
    }
    let user = system.shop.customer(1_000).await.user_id;
    let order = system.shop.order(user, 1_000).await;
    let events = system.broker.until_events("everything", 2).await;
    for (event, kind) in events.iter().zip(["OrderCreated", "PaymentSucceeded"]) {
        assert_eq!(event["type"], kind);
        assert!(
            event["id"].as_str().unwrap().parse::<Uuid>().is_ok() && event["time"].is_string(),
            "{event}"
        );
        let data = &event["data"];
        assert_eq!((&data["order_id"], &data["user_id"]), (&json!(order.id), &json!(user)));
        assert_eq!(data["amount"], 1_000);
    }
}

/// Goal: the document is at `/swagger/doc.json`, and `/docs` shows it to people.
#[tokio::test]
async fn document_and_its_page_are_behind_the_gateway() {
    let outside = outside().await;
    let document: Value = outside.shop.get("/swagger/doc.json").send().await.expect(200).json();
    assert!(document["paths"]["/orders"]["post"].is_object());
    let page = outside.shop.get("/docs").send().await.expect(200);
    assert!(page.text().contains("<title>Gozon API</title>"), "{page}");
}

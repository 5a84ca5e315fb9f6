//! The shop behind nginx, with RabbitMQ: the one whose routes Gozon has for its own.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{names, until_final};
use crate::support::{outside, own};
use stack::SystemOptions;

/// Goal: an account is opened, filled and looked at, and orders are paid from it or cancelled. Method: its six routes.
#[tokio::test]
async fn wallet_pays_for_orders() {
    let outside = outside().await;
    let shop = &outside.shop;
    let user = Uuid::new_v4();
    let bill: Value = shop.post(&format!("/payments/create/{user}")).send().await.expect(201).json();
    assert_eq!(names(&bill), ["balance", "bill_id", "created_at", "updated_at", "user_id", "version"]);
    let bill = bill["bill_id"].as_str().unwrap();
    let top_up = shop.post(&format!("/payments/add/{bill}")).json(json!({ "amount": 1_000 }));
    top_up.send().await.expect(200);
    let balance = async || {
        let account: Value = shop.get(&format!("/payments/balance/{bill}")).send().await.expect(200).json();
        account["balance"].as_i64()
    };
    assert_eq!(balance().await, Some(1_000));

    let order = async |amount| {
        let body = json!({ "amount": amount, "description": "a thing" });
        let answer = shop.post(&format!("/orders/create/{user}")).json(body).send().await.expect(201);
        let order: Value = answer.json();
        assert_eq!(order["status"], "NEW");
        order["id"].as_str().unwrap().to_owned()
    };
    let (paid, refused) = (order(700).await, order(700).await);
    let status = async |order: &str| until_final(shop, &format!("/orders/status/{order}")).await;
    let (one, other) = (status(&paid).await, status(&refused).await);
    let mut ends = [&one["status"], &other["status"]];
    ends.sort_by_key(|status| status.as_str());
    assert_eq!(ends, ["CANCELLED", "FINISHED"], "either, but one of them");
    assert_eq!(balance().await, Some(300));
    let history: Vec<Value> = shop.get(&format!("/orders/orders/{user}")).send().await.expect(200).json();
    assert_eq!(history.len(), 2);
}

/// Goal: a page of the front end may call the API. Method: the preflight that its browser sends.
#[tokio::test]
async fn gateway_answers_for_cross_origin_requests() {
    let outside = outside().await;
    let path = format!("/orders/create/{}", Uuid::new_v4());
    let preflight = outside.shop.request(Method::OPTIONS, &path).header("Origin", &outside.page_origin);
    let answer = preflight.header("Access-Control-Request-Method", "POST").send().await.expect(204);
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some(outside.page_origin.as_str()));
}

/// Goal: the page has an address of its own, and the console knows its user. Method: ask both.
#[tokio::test]
async fn page_and_console_have_addresses_of_their_own() {
    let Some(system) = own(SystemOptions::default()).await else { return };
    let client = Client::new();
    let page = client.get(system.addresses().page.as_ref().unwrap()).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("<div id=\"root\">"));
    let console = format!("{}/api/whoami", system.addresses().console);
    let known: Value =
        client.get(&console).basic_auth("user", Some("password")).send().await.unwrap().json().await.unwrap();
    assert_eq!(known["name"], "user");
    assert_eq!(client.get(&console).send().await.unwrap().status(), 401);
}

//! The shop in Java: `/api`, camelCase, accounts known by their users.

use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{names, until_final};
use crate::support::{fresh_key, outside};

const ACCOUNT: [&str; 6] = ["balance", "billId", "createdAt", "updatedAt", "userId", "version"];
const ORDER: [&str; 10] = [
    "amount",
    "cancelReason",
    "cancelRequestedAt",
    "createdAt",
    "deliveryStatus",
    "description",
    "id",
    "status",
    "updatedAt",
    "userId",
];

/// Goal: its six routes work, whether parameters are in the query or in the body. Method: one user's story, each way.
#[tokio::test]
async fn parameters_in_query_or_body() {
    let outside = outside().await;
    let shop = &outside.shop;
    for is_in_query in [false, true] {
        let user = Uuid::new_v4();
        let post = |path: &str, parameters: Value| {
            if !is_in_query {
                return shop.post(path).json(parameters);
            }
            let pairs = parameters.as_object().unwrap().iter();
            let query = pairs.map(|(name, value)| format!("{name}={}", value.to_string().replace('"', "")));
            shop.post(&format!("{path}?{}", query.collect::<Vec<_>>().join("&")))
        };
        let opened = post("/api/payments/accounts", json!({ "userId": user })).send().await.expect(201);
        let opened: Value = opened.json();
        assert_eq!((names(&opened), &opened["balance"]), (ACCOUNT.to_vec(), &0.into()));
        let twice = post("/api/payments/accounts", json!({ "userId": user })).send().await;
        assert_eq!(twice.problem(409, "account_exists")["bill_id"], opened["billId"]);
        let deposit = post("/api/payments/accounts/deposit", json!({ "userId": user, "amount": 900 }));
        assert_eq!(deposit.send().await.expect(200).json::<Value>()["balance"], 900);

        let order = post("/api/orders", json!({ "userId": user, "amount": 400, "description": "book" }));
        let created = order.send().await.expect(201);
        let order: Value = created.json();
        assert_eq!((names(&order), &order["status"]), (ORDER.to_vec(), &"NEW".into()));
        let path = created.header("Location").unwrap();
        assert_eq!(path, format!("/api/orders/{}", order["id"].as_str().unwrap()));
        let paid = until_final(shop, path).await;
        assert_eq!((&paid["status"], &paid["userId"]), (&"FINISHED".into(), &user.to_string().into()));
        let orders: Value = shop.get(&format!("/api/orders?userId={user}")).send().await.expect(200).json();
        assert_eq!((orders[0]["id"].clone(), orders.as_array().unwrap().len()), (paid["id"].clone(), 1));
        assert_eq!((names(&orders[0]), &orders[0]["status"]), (ORDER.to_vec(), &"FINISHED".into()));
        let account = shop.get(&format!("/api/payments/accounts/{user}")).send().await.expect(200);
        assert_eq!(account.json::<Value>()["balance"], 500);
    }
}

/// Goal: at most one debit and one credit, however often a request is sent. Method: ten deposits and ten orders at once
/// with one key each; and a key means the same on the routes of either dialect.
#[tokio::test]
async fn repeated_requests_take_effect_once() {
    let outside = outside().await;
    let shop = &outside.shop;
    let user = shop.customer(0).await.user_id;
    let key = fresh_key();
    let deposit = || {
        let body = json!({ "userId": user, "amount": 900 });
        shop.post("/api/payments/accounts/deposit").key(&key).json(body).send()
    };
    let order = || {
        let body = json!({ "userId": user, "amount": 400, "description": "book" });
        shop.post("/api/orders").key(&key).json(body).send()
    };
    for answers in [join_all((0..10).map(|_| deposit())).await, join_all((0..10).map(|_| order())).await] {
        assert!(answers.iter().all(|answer| [200, 201].contains(&answer.status())), "{answers:#?}");
        assert_eq!(answers.iter().filter(|answer| !answer.is_replayed()).count(), 1);
    }
    let elsewhere = shop.ordering(user, 400, "book").key(&key).send().await.expect(201);
    assert!(elsewhere.is_replayed(), "{elsewhere}");
    let id = elsewhere.json::<Value>()["id"].as_str().unwrap().to_owned();
    until_final(shop, &format!("/api/orders/{id}")).await;
    let account = shop.get(&format!("/api/payments/accounts/{user}")).send().await.expect(200);
    assert_eq!(account.json::<Value>()["balance"], 500);
}

/// Goal: a parameter that is missing, or that is two things at once, is refused, and nothing happens.
#[tokio::test]
async fn parameters_that_contradict_are_refused() {
    let outside = outside().await;
    let shop = &outside.shop;
    let account = shop.customer(100).await;
    let (user, other) = (account.user_id, Uuid::new_v4());
    let order = json!({ "userId": user, "amount": 1, "description": "x" });
    let requests = [
        shop.post("/api/payments/accounts"),
        shop.post(&format!("/api/payments/accounts?userId={other}")).json(json!({ "userId": user })),
        shop.post("/api/payments/accounts/deposit").json(json!({ "amount": 1 })),
        shop.post("/api/payments/accounts/deposit?amount=2").json(json!({ "userId": user, "amount": 1 })),
        shop.post("/api/payments/accounts/deposit").json(json!({ "userId": user, "amount": 0 })),
        shop.post("/api/payments/accounts/deposit?amount=1").json(json!({ "userId": user, "amount": null })),
        shop.post(&format!("/api/orders?userId={other}")).json(order.clone()),
        shop.post("/api/orders?description=y").json(order.clone()),
        shop.post("/api/orders").json(json!({ "userId": user, "description": "x" })),
        shop.post("/api/orders").json(json!({ "userId": user, "amount": 1, "description": "x", "price": 1 })),
    ];
    for request in requests {
        request.send().await.problem(422, "invalid_request");
    }
    for path in ["/api/orders", "/api/orders?userId=x", "/api/orders?user=1"] {
        shop.get(path).send().await.problem(400, "invalid_query");
    }
    shop.post("/api/orders?price=1").json(order).send().await.problem(400, "invalid_query");
    assert_eq!(shop.orders_of(user).await, []);
    assert_eq!(shop.balance(account.bill_id).await, 100);
    shop.get(&format!("/payments/account/{other}")).send().await.problem(404, "account_not_found");
}

/// Goal: pages of a list lead from one to the next. Method: three orders, one a page.
#[tokio::test]
async fn list_leads_from_page_to_page() {
    let outside = outside().await;
    let shop = &outside.shop;
    let user = Uuid::new_v4();
    let mut placed = Vec::new();
    for _ in 0..3 {
        placed.insert(0, shop.order(user, 1).await.id.to_string());
    }
    for list in ["/api/orders?userId=", "/orders?user_id="] {
        let (mut seen, mut next) = (Vec::new(), Some(format!("{list}{user}&limit=1")));
        while let Some(path) = next {
            let answer = shop.get(&path).send().await.expect(200);
            let page: Vec<Value> = answer.json();
            seen.extend(page.iter().map(|order| order["id"].as_str().unwrap().to_owned()));
            next = e2e_tests::link_to_next(&answer);
        }
        assert_eq!(seen, placed);
    }
}

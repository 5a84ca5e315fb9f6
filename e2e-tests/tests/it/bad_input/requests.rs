//! Paths, headers, queries and methods that are wrong.

use e2e_tests::{Account, wire};
use reqwest::Method;
use uuid::Uuid;

use super::{Ground, all_refused};
use crate::support::fresh_key;

/// Goal: ids are UUIDs, keys are 1 to 255 visible ASCII characters, and page queries are what they are said to be. Method:
/// everything near it.
#[tokio::test]
async fn ids_keys_and_queries_out_of_form_are_refused() {
    let ground = Ground::find().await;
    let (shop, account) = (ground.shop(), ground.shop().customer(1_000).await);
    let Account { user_id, bill_id, .. } = account;
    let mut requests = Vec::new();
    for id in ["x", "1", "%2e%2e%2f", "null", &format!("{user_id}0"), &"a".repeat(2000)] {
        for path in ["/orders/orders", "/orders/status", "/payments/balance", "/payments/transactions"] {
            let path = format!("{path}/{id}");
            requests.push((path.clone(), shop.get(&path), 400, "invalid_path_id"));
        }
        for (path, body) in [
            ("/orders/create", r#"{"amount":1,"description":"x"}"#),
            ("/payments/create", ""),
            ("/payments/add", r#"{"amount":1}"#),
        ] {
            let path = format!("{path}/{id}");
            requests.push((path.clone(), shop.post(&path).body(body), 400, "invalid_path_id"));
        }
    }
    let long = "x".repeat(256);
    for key in ["".as_bytes(), b"a b", b"a\tb", "ключ".as_bytes(), long.as_bytes()] {
        for request in
            [shop.ordering(user_id, 1, "x"), shop.depositing(bill_id, 1), shop.opening(Uuid::new_v4())]
        {
            let name = String::from_utf8_lossy(key).into_owned();
            requests.push((name, request.header("Idempotency-Key", key), 400, "invalid_idempotency_key"));
        }
    }
    let twice = shop.ordering(user_id, 1, "x").key(&fresh_key()).key(&fresh_key());
    requests.push(("two keys".into(), twice, 400, "invalid_idempotency_key"));
    let queries = ["limit=0", "limit=201", "limit=-1", "limit=x", "limit=1.5", "limit=", "limit=1&limit=2"];
    for query in queries.into_iter().chain(["cursor=x", "cursor=", "cursor=1.5", "page=2"]) {
        for path in [format!("/orders/orders/{user_id}"), format!("/payments/transactions/{bill_id}")] {
            let path = format!("{path}?{query}");
            requests.push((path.clone(), shop.get(&path), 400, "invalid_query"));
        }
    }
    all_refused(&ground, &account, requests).await;
}

/// Goal: a route says which method it takes, and what is no route says so. Method: every other method on every route, and
/// paths beside them.
#[tokio::test]
async fn wrong_methods_and_unknown_routes_are_refused() {
    let ground = Ground::find().await;
    let (shop, account) = (ground.shop(), ground.shop().customer(1_000).await);
    let before = ground.inventory(&account).await;
    let id = Uuid::new_v4();
    let routes = [
        ("/orders/create", Method::POST),
        ("/orders/orders", Method::GET),
        ("/orders/status", Method::GET),
        ("/payments/create", Method::POST),
        ("/payments/add", Method::POST),
        ("/payments/balance", Method::GET),
        ("/payments/account", Method::GET),
        ("/payments/transactions", Method::GET),
    ];
    for (route, right) in routes {
        let allowed = if right == Method::GET { "GET, HEAD" } else { "POST" };
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            if method == right {
                continue;
            }
            let answer = shop.request(method, &format!("{route}/{id}")).body("{}").send().await;
            answer.problem(405, "method_not_allowed");
            assert_eq!(answer.header("Allow"), Some(allowed), "{answer}");
        }
        for path in [format!("{route}/"), format!("{route}/{id}/more"), format!("/api{route}/{id}")] {
            shop.get(&path).send().await.problem(404, "not_found");
            shop.post(&path).body("{}").send().await.problem(404, "not_found");
        }
    }
    for path in ["/payments", "/payments/create", "/payments/nothing", "/api/payments", "/api"] {
        shop.get(path).send().await.problem(404, "not_found");
    }
    shop.get("/orders/nothing").send().await.problem(400, "invalid_path_id");
    assert_eq!(ground.inventory(&account).await, before);
}

/// Goal: what is not even HTTP is refused as well. Method: raw bytes; the answer is a problem, or the connection ends.
#[tokio::test]
async fn requests_that_are_not_http_are_refused() {
    let ground = Ground::find().await;
    let account = ground.shop().customer(1_000).await;
    let before = ground.inventory(&account).await;
    let path = format!("/orders/create/{}", account.user_id);
    let head = format!("POST {path} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n");
    let body = r#"{"amount":1,"description":"x"}"#;
    let smuggled = format!("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{body}");
    let long_line = format!("GET /{} HTTP/1.1\r\nHost: shop\r\n\r\n", "x".repeat(20_000));
    let long_header = format!("{head}X: {}\r\n\r\n", "x".repeat(20_000));
    let requests = [
        ("no HTTP", "hello\r\n\r\n".to_owned(), 400),
        ("a length that is none", format!("{head}Content-Length: x\r\n\r\n{body}"), 400),
        ("two lengths", format!("{head}Content-Length: 1\r\nContent-Length: 30\r\n\r\n{body}"), 400),
        ("a length and chunks", format!("{head}{smuggled}"), 400),
        ("a broken chunk", format!("{head}Transfer-Encoding: chunked\r\n\r\nZZ\r\n{body}\r\n"), 400),
        ("no host", "GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("a long line", long_line, 414),
        ("a long header", long_header, 431),
    ];
    for (name, request, status) in requests {
        let answer = wire::exchange(ground.shop().base(), request.as_bytes()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer}");
        assert!(answer.contains("Content-Type: application/problem+json\r\n"), "{name}: {answer}");
    }
    assert_eq!(ground.inventory(&account).await, before);
}

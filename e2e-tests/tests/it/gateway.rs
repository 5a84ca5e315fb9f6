//! The gateway: what it lets through, what it adds, and what it says when a service is away.

use e2e_tests::{Order, Shop, until, wire};
use futures_util::future::join_all;
use reqwest::Method;
use stack::SystemOptions;
use uuid::Uuid;

use crate::support::{outside, own, until_waiting_for_lock};

const ORIGIN: &str = "Access-Control-Allow-Origin";

/// Goal: pages of origins on the list may read answers and errors alike; those of others may not. Method: requests with
/// either origin, and with none; every header is there once or not at all.
#[tokio::test]
async fn only_listed_origins_may_read_answers() {
    let outside = outside().await;
    let shop = &outside.shop;
    let nobody = Uuid::new_v4();
    for (path, status) in [("/orders/orders", 200), ("/orders/status", 404), ("/payments/nothing", 404)] {
        let path = format!("{path}/{nobody}");
        let allowed = shop.get(&path).header("Origin", &outside.page_origin).send().await.expect(status);
        assert_eq!(allowed.header(ORIGIN), Some(outside.page_origin.as_str()), "{allowed}");
        let exposed = allowed.header("Access-Control-Expose-Headers").unwrap_or_default();
        for header in ["Location", "Link", "Retry-After", "Idempotent-Replayed", "X-Request-Id"] {
            assert!(exposed.split(", ").any(|name| name == header), "{header} is hidden: {allowed}");
        }
        assert_eq!(allowed.header("Vary"), Some("Origin"), "{allowed}");

        let impostors = [
            "https://evil.example".to_owned(),
            format!("{}.evil.example", outside.page_origin),
            format!("https://evil.example?{}", outside.page_origin),
            "null".to_owned(),
        ];
        for origin in impostors {
            let refused = shop.get(&path).header("Origin", &origin).send().await.expect(status);
            assert_eq!(refused.header(ORIGIN), None, "{refused}");
        }
        let plain = shop.get(&path).send().await.expect(status);
        assert_eq!(plain.header(ORIGIN), None, "{plain}");
    }
}

/// Goal: a browser is told what it may send. Method: the preflight of an order with an Idempotency-Key.
#[tokio::test]
async fn preflight_is_answered_by_the_gateway() {
    let outside = outside().await;
    let preflight = |origin: &str| {
        let request = outside.shop.request(Method::OPTIONS, &format!("/orders/create/{}", Uuid::new_v4()));
        request
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "content-type,idempotency-key")
            .send()
    };
    let allowed = preflight(&outside.page_origin).await.expect(204);
    assert_eq!(allowed.header(ORIGIN), Some(outside.page_origin.as_str()));
    for (header, needed) in
        [("Access-Control-Allow-Methods", "POST"), ("Access-Control-Allow-Headers", "Idempotency-Key")]
    {
        let value = allowed.header(header).unwrap_or_default();
        assert!(value.split(", ").any(|item| item == needed), "{allowed}");
    }
    let refused = preflight("https://evil.example").await.expect(204);
    assert_eq!((refused.header(ORIGIN), refused.header("Access-Control-Allow-Methods")), (None, None));
}

/// Goal: no page but those on the list can make a browser move money, not even by a request that it sends without asking.
/// Method: the POST of a form that deposits, from a stranger's page, from none, and from one on the list.
#[tokio::test]
async fn pages_of_other_origins_may_not_post() {
    let outside = outside().await;
    let account = outside.shop.customer(0).await;
    let path = format!("/api/payments/accounts/deposit?userId={}&amount=5", account.user_id);
    let from = |origin: &str| outside.shop.post(&path).header("Origin", origin).send();
    for stranger in ["https://evil.example", "null"] {
        from(stranger).await.problem(403, "origin_not_allowed");
    }
    assert_eq!(outside.shop.balance(account.bill_id).await, 0);
    from(&outside.page_origin).await.expect(200);
    outside.shop.post(&path).send().await.expect(200);
    assert_eq!(outside.shop.balance(account.bill_id).await, 10);
}

/// Goal: a request can be followed by its id. Method: the client's own comes back; without one, or with one that would
/// harm a log, there is a new one.
#[tokio::test]
async fn every_answer_carries_one_request_id() {
    let outside = outside().await;
    let path = format!("/orders/orders/{}", Uuid::new_v4());
    let id_for = async |given: &str| {
        let request = outside.shop.get(&path);
        let request = if given.is_empty() { request } else { request.header("X-Request-Id", given) };
        request.send().await.expect(200).header("X-Request-Id").expect("an id").to_owned()
    };
    assert_eq!(id_for("e2e-42").await, "e2e-42");
    let (first, second) = (id_for("").await, id_for("").await);
    assert!(first.len() >= 16 && first != second, "{first} {second}");
    for bad in ["with space", &"x".repeat(129)] {
        assert_ne!(id_for(bad).await, bad);
    }
}

/// Goal: health and metrics are for operators, and no way of writing a path gets past the routes. Method: ask for them in
/// every way that proxies have been fooled by; what is answered is a problem or the page, never a service.
#[tokio::test]
async fn operators_routes_are_out_of_reach() {
    let outside = outside().await;
    let disguises = [
        "/orders/../metrics",
        "/orders/%2e%2e/metrics",
        "/orders/..%2fmetrics",
        "/orders//metrics",
        "/payments/../health/ready",
        "/api/../metrics",
        "/api/metrics",
        "/orders/health/ready",
    ];
    for path in ["/metrics", "/routes", "/health/live", "/health/ready"].into_iter().chain(disguises) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n");
        let answer = wire::exchange(outside.shop.base(), request.as_bytes()).await.unwrap();
        let is_service =
            ["# TYPE", "\"migrated\"", "alive", "GET /"].iter().any(|sign| answer.contains(sign));
        assert!(!is_service, "{path} leads to a service: {answer}");
    }
}

/// Goal: an old client, which need not name a host, is served. Method: HTTP/1.0 by hand.
#[tokio::test]
async fn request_without_a_host_is_served() {
    let outside = outside().await;
    let request = format!("GET /orders/orders/{} HTTP/1.0\r\n\r\n", Uuid::new_v4());
    let answer = wire::exchange(outside.shop.base(), request.as_bytes()).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n[]"), "{answer}");
}

/// Goal: the page is served at the gateway's root, and every path that is nobody else's belongs to it; below the API's
/// there is no page. Method: ask for both.
#[tokio::test]
async fn paths_that_are_not_the_apis_belong_to_the_page() {
    let outside = outside().await;
    let shop = &outside.shop;
    let root = shop.get("/").send().await.expect(200);
    assert!(root.text().contains("<div id=\"root\">"), "{root}");
    assert_eq!(shop.get("/some/where").send().await.expect(200).text(), root.text());
    for path in ["/orders/", "/orders/x/y/z", "/payments", "/payments/x/y/z", "/api/orders/orders/x", "/api"]
    {
        shop.get(path).send().await.problem(404, "not_found");
    }
}

/// Goal: a body that is too large is refused by the gateway, as a problem, CORS included. Method: 1 MiB.
#[tokio::test]
async fn too_large_a_body_is_refused_as_a_problem() {
    let outside = outside().await;
    let user = Uuid::new_v4();
    let body = format!(r#"{{"amount":1,"description":"{}"}}"#, "x".repeat(1 << 20));
    let request = outside.shop.post(&format!("/orders/create/{user}")).body(body);
    let answer = request.header("Origin", &outside.page_origin).send().await;
    answer.problem(413, "payload_too_large");
    assert_eq!(answer.header(ORIGIN), Some(outside.page_origin.as_str()), "{answer}");
    assert_eq!(outside.shop.orders_of(user).await, []);
}

/// Goal: a service that is away is said to be away, as a problem, and the other service does not suffer. Method: kill
/// orders-service; bring it back.
#[tokio::test]
async fn dead_service_is_a_bad_gateway_and_the_other_goes_on() {
    let Some(system) = own(SystemOptions::default()).await else { return };
    let (shop, user) = (&system.shop, Uuid::new_v4());
    system.orders(0).kill();
    let origin = system.addresses().page.as_deref().expect("a page");
    let answer = shop.ordering(user, 1, "nothing").header("Origin", origin).send().await;
    answer.problem(502, "bad_gateway");
    assert_eq!(answer.header(ORIGIN), Some(origin), "{answer}");
    shop.get(&format!("/orders/orders/{user}")).send().await.problem(502, "bad_gateway");
    shop.customer(10).await;

    system.orders(0).start().await.unwrap();
    until("orders are taken again", async || {
        let answer = shop.ordering(user, 1, "something").send().await;
        if answer.status() == 201 { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
}

/// Goal: a service that does not answer is given up on, as a problem. Method: halt it.
#[tokio::test]
async fn silent_service_is_a_gateway_timeout() {
    let Some(system) = own(SystemOptions::default()).await else { return };
    system.payments(0).pause().unwrap();
    let account = format!("/payments/account/{}", Uuid::new_v4());
    let (get, post) =
        tokio::join!(system.shop.get(&account).send(), system.shop.opening(Uuid::new_v4()).send());
    get.problem(504, "gateway_timeout");
    post.problem(504, "gateway_timeout");
    system.payments(0).resume().unwrap();
}

/// Goal: a POST that a replica may have begun is never given to another, or it could take effect twice; a GET is. Method:
/// a lock holds up all orders in both replicas, one of which is killed then. Whoever was served by that one learns that
/// it broke, and no order is there twice. The GETs that the dead replica gets are answered by the other.
#[tokio::test]
async fn post_is_never_sent_to_a_second_replica() {
    let options = SystemOptions { orders_replicas: 2, ..Default::default() };
    let Some(system) = own(options).await else { return };
    let user = Uuid::new_v4();
    // Each has a connection of its own, so that the gateway alone decides who gets what.
    let shops: Vec<Shop> = (0..12).map(|_| Shop::at(system.shop.base())).collect();

    let lock = system.orders_database().await;
    lock.execute("BEGIN; LOCK TABLE orders IN EXCLUSIVE MODE").await.unwrap();
    let names: Vec<String> = (0..shops.len()).map(|i| format!("order {i}")).collect();
    let requests = shops.iter().zip(&names).map(|(shop, name)| shop.ordering(user, 1, name).send());
    let break_one = async {
        until_waiting_for_lock(&system.orders_database().await, 2).await;
        system.orders(0).kill();
        lock.execute("COMMIT").await.unwrap();
    };
    let (answers, ()) = tokio::join!(join_all(requests), break_one);

    let with = |status| answers.iter().filter(move |answer| answer.status() == status);
    // On a slow machine a replica may have given the database up before it is killed, or before the lock goes.
    let [created, broken, given_up] = [201, 502, 503].map(|status| with(status).count());
    assert_eq!(created + broken + given_up, answers.len(), "{answers:#?}");
    with(502).for_each(|answer| drop(answer.problem(502, "bad_gateway")));
    with(503).for_each(|answer| drop(answer.problem(503, "database_unavailable")));
    assert!(broken + given_up > 0, "a broken POST was sent again: {answers:#?}");
    assert!(broken < answers.len(), "the other replica answers nobody: {answers:#?}");
    let orders = system.shop.orders_of(user).await;
    for name in &names {
        let count = orders.iter().filter(|order| order.description == *name).count();
        assert!(count <= 1, "{name} is there {count} times");
    }
    for answer in with(201) {
        let order: Order = answer.json();
        assert!(orders.iter().any(|known| known.id == order.id), "{order:?} is lost");
    }
    let path = format!("/orders/orders/{user}");
    for answer in join_all(shops.iter().map(|shop| shop.get(&path).send())).await {
        answer.expect(200);
    }
    system.audit.passes().await;
}

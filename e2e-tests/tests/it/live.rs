//! Live updates: who watches learns of every change, or is told to fetch.

use e2e_tests::{Order, Shop, Told, Watch, until};
use futures_util::StreamExt;
use serde_json::Value;
use stack::SystemOptions;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use uuid::Uuid;

use crate::support::{outside, own, own_servers};

/// Goal: a user's clients learn what becomes of each order, and of nobody else's. Method: through the gateway, while
/// another user orders too.
#[tokio::test]
async fn changes_of_a_users_orders_are_told() {
    let system = outside().await;
    let shop = &system.shop;
    let account = shop.customer(100).await;
    let mut watch = Watch::start(orders_of(shop, account.user_id)).await;
    assert_eq!(watch.next().await.unwrap().event, "reset");
    shop.order(Uuid::new_v4(), 1).await;
    let paid = shop.order(account.user_id, 60).await;
    until_told(&mut watch, &paid, "FINISHED").await;
    let refused = shop.order(account.user_id, 60).await;
    let told = until_told(&mut watch, &refused, "CANCELLED").await;
    assert_eq!(told.data["cancel_reason"], "INSUFFICIENT_FUNDS");
    shop.cancelling(paid.id).send().await.expect(202);
    let told = until_told(&mut watch, &paid, "CANCELLED").await;
    assert_eq!((&told.data["cancel_reason"], &told.data["amount"]), (&"REFUNDED".into(), &60.into()));
}

/// Goal: the balance is told too. Method: an account that is opened, filled and debited.
#[tokio::test]
async fn changes_of_a_users_balance_are_told() {
    let system = outside().await;
    let shop = &system.shop;
    let user = Uuid::new_v4();
    let mut watch = Watch::start(shop.get(&format!("/payments/events/{user}"))).await;
    assert_eq!(watch.next().await.unwrap().event, "reset");
    // Replicas tell what they have committed each by itself, so that an older change may come after a newer one.
    let account = shop.open_account(user).await;
    until_balance(&mut watch, account.bill_id, (0, 0)).await;
    shop.deposit(account.bill_id, 100).await;
    until_balance(&mut watch, account.bill_id, (1, 100)).await;
    shop.order(user, 60).await;
    until_balance(&mut watch, account.bill_id, (2, 40)).await;
}

/// Waits for an account's version and balance; what comes before is of the same account.
async fn until_balance(watch: &mut Watch, bill_id: Uuid, expected: (i64, i64)) {
    loop {
        let Told { data, .. } = watch.until(&["account"]).await;
        assert_eq!(data["bill_id"], bill_id.to_string());
        if (data["version"].as_i64().unwrap(), data["balance"].as_i64().unwrap()) == expected {
            return;
        }
    }
}

/// Goal: any replica serves any user. Method: watch at one replica, order at the other.
#[tokio::test]
async fn changes_are_told_whichever_replica_made_them() {
    let system = outside().await;
    for (here, there) in [(0, 1), (1, 0)] {
        let doors = &system.orders_doors;
        let (here, there) = (&doors[here % doors.len()], &doors[there % doors.len()]);
        let user = Uuid::new_v4();
        let mut watch = Watch::start(orders_of(here, user)).await;
        let order = there.order(user, 1).await;
        until_told(&mut watch, &order, "CANCELLED").await;
    }
}

/// Goal: a client that was away gets exactly what it missed. Method: it comes back to its replica with what it saw last,
/// by header and by query; with something nobody said, it is told to fetch. So it may be once, soon after the start.
#[tokio::test]
async fn client_that_comes_back_is_told_what_it_missed() {
    let Some(system) = own(SystemOptions::default()).await else { return };
    let shop = &system.shop;
    let is_resumed = is_told_what_it_missed(shop).await || is_told_what_it_missed(shop).await;
    assert!(is_resumed);
    for unknown in ["0-0", "ffffffff-7", "nonsense"] {
        let mut watch = Watch::start(orders_of(shop, Uuid::new_v4()).header("Last-Event-ID", unknown)).await;
        assert_eq!(watch.next().await.unwrap().event, "reset", "{unknown}");
    }
}

/// Whether a client that comes back is told what it missed, and not to fetch.
async fn is_told_what_it_missed(shop: &Shop) -> bool {
    let user = Uuid::new_v4();
    let mut watch = Watch::start(orders_of(shop, user)).await;
    let first = shop.order(user, 1).await;
    let seen = until_told(&mut watch, &first, "CANCELLED").await;
    let mut other = Watch::start(orders_of(shop, user)).await;
    drop(watch);
    let missed = shop.order(user, 2).await;
    // What another client has been told is remembered.
    until_told(&mut other, &missed, "CANCELLED").await;

    let query = format!("/orders/events/{user}?last_event_id={}", seen.id);
    for request in [orders_of(shop, user).header("Last-Event-ID", &seen.id), shop.get(&query)] {
        let mut watch = Watch::start(request).await;
        if watch.next().await.unwrap().event == "reset" {
            return false;
        }
        for status in ["NEW", "CANCELLED"] {
            let told = watch.next().await.unwrap();
            let expected = (&missed.id.to_string().into(), &status.into());
            assert_eq!((&told.data["id"], &told.data["status"]), expected);
        }
    }
    true
}

/// Goal: the same messages come over a WebSocket, through the gateway.
#[tokio::test]
async fn changes_are_told_over_a_web_socket() {
    let system = outside().await;
    let shop = &system.shop;
    let user = Uuid::new_v4();
    let address = shop.base().replacen("http", "ws", 1);
    let (mut socket, _) = connect_async(format!("{address}/orders/ws/{user}")).await.unwrap();
    let first = next_text(&mut socket).await;
    assert_eq!(first["event"], "reset");
    let order = shop.order(user, 1).await;
    loop {
        let told = next_text(&mut socket).await;
        if (&told["event"], &told["data"]["id"]) == (&"order".into(), &order.id.to_string().into())
            && told["data"]["status"] == "CANCELLED"
        {
            break;
        }
    }
}

/// Goal: no page of somebody else's watches. Method: streams and sockets with every kind of Origin, through the gateway.
#[tokio::test]
async fn only_pages_of_known_origins_may_watch() {
    let system = outside().await;
    let shop = &system.shop;
    let user = Uuid::new_v4();
    let own = shop.base().to_owned();
    for origin in [&own, &system.page_origin] {
        let mut watch = Watch::start(orders_of(shop, user).header("Origin", origin)).await;
        assert_eq!(watch.next().await.unwrap().event, "reset", "{origin}");
    }
    let longer = format!("{own}.evil.example");
    for origin in ["https://evil.example", "null", &longer] {
        for path in ["orders/events", "payments/events", "orders/ws"] {
            let request = shop.get(&format!("/{path}/{user}")).header("Origin", origin);
            request.send().await.problem(403, "origin_not_allowed");
        }
        let url = format!("{}/orders/ws/{user}", own.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("Origin", origin.parse().unwrap());
        assert!(connect_async(request).await.is_err(), "{origin}");
    }
}

/// Goal: what a broker loses is fetched. Method: it is killed, and orders are placed while it is away; the stream goes on,
/// says so, and tells of what comes later.
#[tokio::test]
async fn restart_of_the_broker_leads_to_a_reset() {
    let Some(system) = own_servers(SystemOptions::default()).await else { return };
    let shop = &system.shop;
    let user = Uuid::new_v4();
    let mut watch = Watch::start(orders_of(shop, user)).await;
    watch.until(&["reset"]).await;
    let before = shop.order(user, 1).await;
    until_told(&mut watch, &before, "CANCELLED").await;
    system.servers().rabbitmq().kill();
    shop.order(user, 1).await;
    system.servers().rabbitmq().start().await.unwrap();
    watch.until(&["reset"]).await;
    let after = shop.order(user, 1).await;
    until_told(&mut watch, &after, "CANCELLED").await;
}

/// Goal: what a process committed and never told is fetched. Method: of two replicas one is killed, and who watches at the
/// other is told.
#[tokio::test]
async fn death_of_a_replica_leads_to_a_reset() {
    let Some(system) = own(replicated()).await else { return };
    let user = Uuid::new_v4();
    let [here, there] = [0, 1].map(|replica: usize| Shop::at(&system.addresses().orders[replica]));
    let mut watch = Watch::start(orders_of(&here, user)).await;
    // Both are known to each other by now.
    let order = there.order(user, 1).await;
    until_told(&mut watch, &order, "CANCELLED").await;
    // Not the reset that each new session of a listener ends its beginning with.
    let resets = async || metric(&here, "messaging_broadcast_resets_total").await;
    let before = resets().await;
    system.orders(1).kill();
    until("its silence is noticed", async || if resets().await > before { Ok(()) } else { Err("no".into()) })
        .await;
    watch.until(&["reset"]).await;
    assert_eq!(here.orders_of(user).await.len(), 1);
}

/// Goal: a service that ends says so, and lets go at once.
#[tokio::test]
async fn service_that_ends_says_goodbye() {
    let Some(system) = own(SystemOptions::default()).await else { return };
    let user = Uuid::new_v4();
    let mut watch = Watch::start(orders_of(&system.shop, user)).await;
    watch.until(&["reset"]).await;
    let url = format!("{}/orders/ws/{user}", system.addresses().orders[0].replacen("http", "ws", 1));
    let (mut socket, _) = connect_async(url).await.unwrap();
    next_text(&mut socket).await;
    assert!(system.orders(0).terminate().await.unwrap().success());
    assert_eq!(watch.until(&["close"]).await.data["reason"], "shutdown");
    assert_eq!(watch.next().await, None);
    let close = socket.next().await.unwrap().unwrap();
    assert!(matches!(close, Message::Close(Some(frame)) if u16::from(frame.code) == 1001));
}

/// Goal: a client that does not read is let go, and harms nobody. Method: one that leaves everything unread, straight at
/// the service, while its user orders; another client of the same user hears of all of it.
#[tokio::test]
async fn client_that_stops_reading_is_let_go() {
    let Some(system) = own(SystemOptions::default()).await else { return };
    let base = &system.addresses().orders[0];
    let shop = Shop::at(base);
    let user = Uuid::new_v4();
    let mut watch = Watch::start(orders_of(&shop, user)).await;
    watch.until(&["reset"]).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let address = base.strip_prefix("http://").unwrap();
    let mut deaf = socket.connect(address.parse().unwrap()).await.unwrap();
    let request = format!("GET /orders/events/{user} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    deaf.write_all(request.as_bytes()).await.unwrap();
    until_clients(&shop, 2).await;
    for amount in 1..=200 {
        let order = shop.order(user, amount).await;
        until_told(&mut watch, &order, "CANCELLED").await;
    }
    until_clients(&shop, 1).await;
    let order = shop.order(user, 1).await;
    until_told(&mut watch, &order, "CANCELLED").await;
}

fn replicated() -> SystemOptions {
    SystemOptions { orders_replicas: 2, ..Default::default() }
}

fn orders_of(shop: &Shop, user: Uuid) -> e2e_tests::Request {
    shop.get(&format!("/orders/events/{user}"))
}

/// The message that tells of this order in this status; what comes before it is of the same user.
async fn until_told(watch: &mut Watch, order: &Order, status: &str) -> Told {
    loop {
        let told = watch.until(&["order"]).await;
        assert_eq!(told.data["user_id"], order.user_id.to_string(), "{told:?}");
        if told.data["id"] == order.id.to_string() && told.data["status"] == status {
            return told;
        }
    }
}

async fn until_clients(shop: &Shop, count: usize) {
    until(format!("{count} clients watch"), async || {
        let found = metric(shop, "live_clients").await;
        if found == count as u64 { Ok(()) } else { Err(format!("{found} do")) }
    })
    .await;
}

/// A service's metric without labels; 0 if it has nothing to tell yet.
async fn metric(service: &Shop, name: &str) -> u64 {
    let metrics = service.get("/metrics").send().await.text();
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map_or(0, |value| value.parse().unwrap())
}

async fn next_text(
    socket: &mut (
             impl futures_util::Stream<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin
         ),
) -> Value {
    loop {
        if let Message::Text(text) = socket.next().await.expect("a message").unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

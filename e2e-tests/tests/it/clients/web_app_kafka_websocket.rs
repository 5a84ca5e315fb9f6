//! The web application: the page at the gateway's root, statuses over a WebSocket, and a delivery that goes on by itself.
//! Its `PAYMENT_SUCCESS`, `SHIPPED`, `DELIVERED` are a status `FINISHED` and three steps of `delivery_status` here. The
//! seven parts of its page are used in `frontend/e2e`.

use e2e_tests::PATIENCE;
use futures_util::StreamExt;
use serde_json::Value;
use stack::SystemOptions;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{DELIVERY_INTERVAL, outside, own};

/// Goal: from the order to the door, each step is told over the WebSocket of the gateway. Method: a tick a second.
#[tokio::test]
async fn every_step_of_an_order_is_told_over_a_web_socket() {
    let environment = vec![(DELIVERY_INTERVAL.into(), "1".into())];
    let Some(system) = own(SystemOptions { environment, ..Default::default() }).await else { return };
    let shop = &system.shop;
    let user = shop.customer(1_000).await.user_id;
    let address = shop.base().replacen("http", "ws", 1);
    let (mut socket, _) = connect_async(format!("{address}/orders/ws/{user}")).await.unwrap();
    let order = shop.order(user, 1_000).await;
    let mut steps: Vec<String> = Vec::new();
    while steps.last().is_none_or(|last| !last.ends_with("DELIVERED")) {
        let message = timeout(PATIENCE, socket.next()).await.expect("a message, or a heart-beat");
        let Message::Text(text) = message.expect("the socket stays open").unwrap() else { continue };
        let told: Value = serde_json::from_str(&text).unwrap();
        if told["event"] == "order" && told["data"]["id"] == order.id.to_string() {
            let text = |field: &str| told["data"][field].as_str().unwrap_or_default().to_owned();
            steps.push(format!("{} {}", text("status"), text("delivery_status")));
        }
    }
    // The first may have been before the socket was watching.
    let from = usize::from(steps[0] != "NEW ");
    assert_eq!(steps, ["NEW ", "FINISHED PENDING", "FINISHED SHIPPED", "FINISHED DELIVERED"][from..]);
}

/// Goal: the page is at the gateway's root, the API beside it.
#[tokio::test]
async fn page_is_at_the_root_of_the_gateway() {
    let outside = outside().await;
    let page = outside.shop.get("/").send().await.expect(200);
    assert!(page.text().contains("<div id=\"root\">"), "{page}");
}

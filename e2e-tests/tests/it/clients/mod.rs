//! Clients of other shops, each as its documentation has it play: every route, status and shape that it names. Where two
//! of them disagree, the answer is Gozon's own, and the story says so.

mod csharp_kafka_signalr;
mod go_kafka_grpc;
mod gozon_rabbitmq_nginx;
mod java_kafka_rest;
mod web_app_kafka_websocket;

use e2e_tests::{Shop, until};
use serde_json::Value;

/// The order at `path`, once it is final.
async fn until_final(shop: &Shop, path: &str) -> Value {
    until(format!("{path} is final"), async || {
        let order: Value = shop.get(path).send().await.expect(200).json();
        if order["status"] == "NEW" { Err("it is NEW".into()) } else { Ok(order) }
    })
    .await
}

/// The names of an object's fields, in alphabetical order.
fn names(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

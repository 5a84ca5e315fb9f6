//! What services say, as they say it, against the schemas that are released.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use e2e_tests::events::{REQUESTS, REQUESTS_KEY, batch};
use e2e_tests::{Taken, until};
use jsonschema::Validator;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{DELIVERY_INTERVAL, Own, never_sweeping, own};

/// A queue that gets everything.
const EVERYTHING: &str = "everything";

/// Each version of each type of events.
type Schemas = BTreeMap<String, Vec<Validator>>;

/// Goal: every event is as its schemas promise, in any version, whichever service sends it and why. Method: orders that
/// come to every end there is, until each type of events and each reason has been seen by a queue of our own; nothing
/// else comes to the exchange.
#[tokio::test]
async fn every_message_is_as_the_released_schemas_promise() {
    let Some(system) = own(never_sweeping()).await else { return };
    let schemas = released_schemas();
    system.broker.listen(EVERYTHING, "#").await;
    play_orders(&system).await;

    let types: BTreeSet<&str> = schemas.keys().map(String::as_str).collect();
    let reasons = BTreeSet::from(["ACCOUNT_NOT_FOUND", "CANCELLED_BY_USER", "INSUFFICIENT_FUNDS"]);
    let messages = until("every type of events and every reason is seen", async || {
        let messages = system.broker.look(EVERYTHING).await;
        let events: Vec<Value> = messages.iter().flat_map(Taken::events).collect();
        let seen = |pointer: &str| -> BTreeSet<String> {
            let texts = events.iter().filter_map(|event| event.pointer(pointer)?.as_str());
            texts.map(str::to_owned).collect()
        };
        let has_all =
            |seen: &BTreeSet<String>, all: &BTreeSet<&str>| all.iter().all(|one| seen.contains(*one));
        let (types_seen, reasons_seen) = (seen("/type"), seen("/data/reason"));
        if has_all(&types_seen, &types) && has_all(&reasons_seen, &reasons) {
            return Ok(messages);
        }
        Err(format!("only {types_seen:?} and {reasons_seen:?}"))
    })
    .await;

    for message in &messages {
        assert_eq!(message.properties["content_type"], "application/cloudevents-batch+json", "{message:?}");
        let events = message.events();
        assert!((1..=100).contains(&events.len()), "{} events", events.len());
        for event in events {
            let kind = event["type"].as_str().unwrap_or_default();
            let versions = schemas.get(kind).unwrap_or_else(|| panic!("no schema is released for {event}"));
            for (index, schema) in versions.iter().enumerate() {
                let errors: Vec<String> = schema.iter_errors(&event).map(|error| error.to_string()).collect();
                assert!(errors.is_empty(), "{event} breaks version {} of {kind}: {errors:?}", index + 1);
            }
        }
    }
    system.audit.passes().await;
}

/// Orders that are delivered, refused for either reason, and cancelled before and after their payment.
async fn play_orders(system: &Own) {
    let shop = &system.shop;
    let user = shop.customer(1_000).await.user_id;
    let (delivered, refunded) = (shop.order(user, 100).await, shop.order(user, 200).await);
    let (too_dear, nobodys) = (shop.order(user, 5_000).await, shop.order(Uuid::new_v4(), 1).await);
    for order in [&delivered, &refunded, &too_dear, &nobodys] {
        shop.until_final(order.id).await;
    }
    shop.cancelling(refunded.id).send().await.expect(202);

    // The cancellation reaches payments-service first.
    system.payments(0).terminate().await.unwrap();
    let cancelled = shop.order(user, 300).await;
    shop.cancelling(cancelled.id).send().await.expect(202);
    let about = |event: &Value| event["data"]["order_id"] == cancelled.id.to_string();
    let requests = until("both requests wait", async || {
        let waiting = system.broker.until_events(REQUESTS, 2).await;
        if waiting.iter().filter(|event| about(event)).count() == 2 {
            Ok(waiting)
        } else {
            Err(String::new())
        }
    })
    .await;
    let (created, others): (Vec<_>, Vec<_>) =
        requests.into_iter().partition(|event| about(event) && event["type"] == "OrderCreated");
    system.broker.purge(REQUESTS).await;
    system.broker.publish(REQUESTS_KEY, &batch(&[others, created].concat())).await;
    system.payments(0).start().await.unwrap();
    shop.until_final(cancelled.id).await;

    system.orders(0).set_environment(DELIVERY_INTERVAL, Some("1"));
    system.orders(0).restart().await.unwrap();
}

/// The registry, as it is checked in.
fn released_schemas() -> Schemas {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/schemas");
    let read = |file: String| -> Value {
        let text = fs::read_to_string(folder.join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
    };
    let index = read("index.json".into());
    let subjects = index["subjects"].as_array().expect("subjects").iter();
    subjects
        .map(|entry| {
            let subject = entry["subject"].as_str().expect("a name");
            let versions = entry["versions"].as_array().expect("versions").iter();
            let validators = versions.map(|version| {
                let schema = read(format!("{subject}/versions/{version}.json"));
                jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
            });
            (subject.to_owned(), validators.collect())
        })
        .collect()
}

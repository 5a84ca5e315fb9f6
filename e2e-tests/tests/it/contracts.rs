//! What services say, as they say it, against the schemas that are released.

use std::collections::BTreeSet;

use e2e_tests::events::{REQUESTS, REQUESTS_KEY, batch};
use e2e_tests::{Schemas, Taken, until};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{DELIVERY_INTERVAL, Own, never_sweeping, own};

/// A queue that gets everything.
const EVERYTHING: &str = "everything";

/// Goal: every event is as its schemas promise, in any version, whichever service sends it and why. Method: orders that
/// come to every end there is, until each type of events and each reason has been seen by a queue of our own; nothing
/// else comes to the exchange.
#[tokio::test]
async fn every_message_is_as_the_released_schemas_promise() {
    let Some(system) = own(never_sweeping()).await else { return };
    let schemas = Schemas::released();
    system.broker.listen(EVERYTHING, "#").await;
    play_orders(&system).await;

    let types = schemas.types();
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
            let flaws = schemas.flaws(&event);
            assert!(flaws.is_empty(), "{event}: {flaws:#?}");
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

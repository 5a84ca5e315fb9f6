//! Messages that are broken or forged: set aside, alone, for an operator; nothing else happens.

use e2e_tests::events::{
    REQUESTS, REQUESTS_KEY, RESULTS, RESULTS_KEY, batch, order_created, payment_failed, payment_succeeded,
    unknown_order,
};
use e2e_tests::{Account, Order, Shop, dead};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Own, never_sweeping, own};

/// Goal: a body that can't be read is set aside byte for byte, and does not hold up those behind it. Method: four such
/// bodies in each queue, and orders before and after them.
#[tokio::test]
async fn undecodable_messages_end_in_the_dead_letter_queue_alone() {
    let Some(system) = own(never_sweeping()).await else { return };
    let shop = &system.shop;
    let user = shop.customer(1_000).await.user_id;
    let before = shop.order(user, 1).await;
    let too_many = batch(&vec![json!({}); 101]);
    let bodies = ["not JSON", "{}", "[]", too_many.as_str()];
    for body in bodies {
        system.broker.publish(REQUESTS_KEY, body).await;
        system.broker.publish(RESULTS_KEY, body).await;
    }
    let after = shop.order(user, 1).await;
    for order in [before, after] {
        assert_eq!(shop.until_final(order.id).await.status, "FINISHED");
    }
    for queue in [REQUESTS, RESULTS] {
        let letters = system.broker.until_holds(&dead(queue), bodies.len()).await;
        let mut found: Vec<&str> = letters.iter().map(|letter| letter.payload.as_str()).collect();
        let mut expected = bodies;
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{queue}");
    }
    passes_apart_from_letters(&system).await;
}

/// Goal: one bad event spoils no other, and its letter says what is wrong with it. Method: a batch of three good requests
/// with a bad one of each kind between them, most of them against the event's schema.
#[tokio::test]
async fn bad_events_in_a_good_batch_are_dead_lettered_alone() {
    let Some(system) = own(never_sweeping()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(1_000).await;
    system.payments(0).terminate().await.unwrap();
    let mut orders = Vec::new();
    for amount in [100, 20, 3] {
        orders.push(shop.order(user_id, amount).await);
    }
    let good = system.broker.until_events(REQUESTS, 3).await;
    system.broker.purge(REQUESTS).await;
    let stranger = || order_created(&unknown_order(user_id, 5));
    let id = Uuid::now_v7();
    let bad = [
        (with(stranger(), "/type", json!("OrderEaten")), "\"OrderEaten\" is none that this queue carries"),
        (with(stranger(), "/source", json!("/elsewhere")), "comes from \"/elsewhere\""),
        (with(stranger(), "/data/amount", json!(0)), "amount 0 is not within"),
        (with(stranger(), "/data/amount", json!("5")), "invalid type: string \"5\""),
        (without(stranger(), "/data", "amount"), "missing field `amount`"),
        (with(stranger(), "/data/order_id", json!("x")), "UUID parsing failed"),
        (
            with(stranger(), "/data/order_id", json!(id.simple().to_string())),
            "UUID parsing failed: invalid group count",
        ),
        (
            with(stranger(), "/data/user_id", json!(id.braced().to_string())),
            "UUID parsing failed: invalid character: found `{`",
        ),
        (with(stranger(), "/id", json!("not a UUID")), "UUID parsing failed: invalid character: found `n`"),
        (
            with(stranger(), "/id", json!(id.urn().to_string())),
            "UUID parsing failed: invalid character: found `u`",
        ),
        (with(stranger(), "/time", json!("2026-11-21 12:13:14Z")), "\"2026-11-21 12:13:14Z\""),
        (with(stranger(), "/specversion", json!("0.3")), "specversion \"0.3\""),
        (without(stranger(), "", "id"), "missing field `id`"),
        (with(stranger(), "/data", json!([id, id, 5, "a thing"])), "no JSON object"),
        (with(stranger(), "/data", json!(null)), "no JSON object"),
        (json!({}), "missing field"),
        (json!(5), "an event is a JSON object"),
    ];
    let events: Vec<Value> = bad.iter().map(|(event, _)| event.clone()).collect();
    let mixed = [&good[..1], &events[..5], &good[1..2], &events[5..], &good[2..]].concat();
    system.broker.publish(REQUESTS_KEY, &batch(&mixed)).await;
    system.payments(0).start().await.unwrap();

    for order in orders {
        assert_eq!(shop.until_final(order.id).await.status, "FINISHED");
    }
    let letters = letters(&system, REQUESTS, bad.len()).await;
    assert_eq!(letters.len(), bad.len(), "{letters:#?}");
    for (event, reason) in &bad {
        // What a service has read it may write down again in another order; the facts are the same.
        let is_about = |letter: &&Value| {
            letter["data"]["event"]["data"] == event["data"]
                && letter["data"]["reason"].as_str().is_some_and(|text| text.contains(reason))
        };
        let letter = letters.iter().find(is_about);
        let letter = letter.unwrap_or_else(|| panic!("no {reason:?} of {event}: {letters:#?}"));
        assert_eq!(letter["data"]["queue"], REQUESTS);
    }
    assert_eq!(shop.balance(bill_id).await, 1_000 - 123);
    passes_apart_from_letters(&system).await;
}

/// Goal: a request that contradicts the one that was decided is a forgery or a fault, and never a payment. Method: another
/// amount and another user, for an order that was paid and for one that was not; before and after each, a repetition of
/// the truth, which is no letter.
#[tokio::test]
async fn request_that_contradicts_a_decision_is_dead_lettered() {
    let Some(system) = own(never_sweeping()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(1_000).await;
    let other = shop.customer(5_000).await;
    let (paid, refused) = settled_pair(shop, user_id).await;
    let forged = [
        order_created(&Order { amount: 301, ..paid.clone() }),
        order_created(&Order { user_id: other.user_id, ..paid.clone() }),
        order_created(&Order { amount: 1, ..refused.clone() }),
        order_created(&Order { user_id: other.user_id, ..refused.clone() }),
    ];
    for event in &forged {
        let truth = [order_created(&paid), order_created(&refused)];
        let [first, last] = truth;
        system.broker.publish(REQUESTS_KEY, &batch(&[first, event.clone(), last])).await;
    }
    let letters = letters(&system, REQUESTS, forged.len()).await;
    assert_are_about(&letters, &forged);
    assert_eq!((shop.balance(bill_id).await, shop.balance(other.bill_id).await), (700, 5_000));
    assert_eq!((shop.status(paid.id).await, shop.status(refused.id).await), (paid, refused));
    passes_apart_from_letters(&system).await;
}

/// Goal: a result that can't be true is set aside and changes no order. Method: results for an order that nobody knows,
/// and against what final orders are; before and after each, repetitions of the truth, which are no letters.
#[tokio::test]
async fn forged_results_are_dead_lettered_and_change_nothing() {
    let Some(system) = own(never_sweeping()).await else { return };
    let shop = &system.shop;
    let user = shop.customer(1_000).await.user_id;
    let (paid, refused) = settled_pair(shop, user).await;
    let stranger = unknown_order(user, 5);
    let forged = [
        payment_succeeded(&stranger),
        payment_failed(&stranger, "INSUFFICIENT_FUNDS"),
        payment_failed(&paid, "INSUFFICIENT_FUNDS"),
        payment_failed(&refused, "ACCOUNT_NOT_FOUND"),
        payment_succeeded(&refused),
        payment_succeeded(&Order { amount: 299, ..paid.clone() }),
        payment_succeeded(&Order { user_id: Uuid::new_v4(), ..paid.clone() }),
        order_created(&paid),
    ];
    let truth = [payment_succeeded(&paid), payment_failed(&refused, "INSUFFICIENT_FUNDS")];
    for event in &forged {
        system
            .broker
            .publish(RESULTS_KEY, &batch(&[truth[0].clone(), event.clone(), truth[1].clone()]))
            .await;
    }
    let letters = letters(&system, RESULTS, forged.len()).await;
    assert_are_about(&letters, &forged);
    assert_eq!((shop.status(paid.id).await, shop.status(refused.id).await), (paid, refused));
    passes_apart_from_letters(&system).await;
}

/// Goal: the same for an order that still waits: only a result that says its user and amount settles it. Method: while
/// nobody pays, results with another amount or user, then the real one.
#[tokio::test]
async fn result_with_another_amount_does_not_settle_a_new_order() {
    let Some(system) = own(never_sweeping()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(1_000).await;
    system.payments(0).terminate().await.unwrap();
    let order = shop.order(user_id, 300).await;
    let forged = [
        payment_succeeded(&Order { amount: 301, ..order.clone() }),
        payment_failed(&Order { user_id: Uuid::new_v4(), ..order.clone() }, "ACCOUNT_NOT_FOUND"),
    ];
    for event in &forged {
        system.broker.publish(RESULTS_KEY, &batch(std::slice::from_ref(event))).await;
    }
    assert_are_about(&letters(&system, RESULTS, forged.len()).await, &forged);
    assert_eq!(shop.status(order.id).await.status, "NEW");

    system.payments(0).start().await.unwrap();
    assert_eq!(shop.until_final(order.id).await.status, "FINISHED");
    assert_eq!(shop.balance(bill_id).await, 700);
    passes_apart_from_letters(&system).await;
}

/// One order of 300 that is paid and one of 5000 that is not, both final.
async fn settled_pair(shop: &Shop, user: Uuid) -> (Order, Order) {
    let paid = shop.until_final(shop.order(user, 300).await.id).await;
    let refused = shop.until_final(shop.order(user, 5_000).await.id).await;
    assert_eq!((paid.status.as_str(), refused.status.as_str()), ("FINISHED", "CANCELLED"));
    (paid, refused)
}

/// An event with one value replaced.
fn with(mut event: Value, pointer: &str, value: Value) -> Value {
    *event.pointer_mut(pointer).expect("a value to replace") = value;
    event
}

/// An event with one value left out.
fn without(mut event: Value, pointer: &str, name: &str) -> Value {
    let parent = event.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object");
    parent.remove(name).expect("a value to leave out");
    event
}

/// The dead letters of a queue that a service has written, once there are `count`.
async fn letters(system: &Own, queue: &str, count: usize) -> Vec<Value> {
    system.broker.until_events(&dead(queue), count).await
}

/// The letters hold these events and no others.
fn assert_are_about(letters: &[Value], events: &[Value]) {
    let sorted = |values: Vec<&Value>| {
        let mut texts: Vec<String> = values.into_iter().map(Value::to_string).collect();
        texts.sort_unstable();
        texts
    };
    let found = letters.iter().map(|letter| &letter["data"]["event"]["data"]).collect();
    assert_eq!(sorted(found), sorted(events.iter().map(|event| &event["data"]).collect()));
}

/// The audit, once the dead letters that this test has provoked are out of the way: there is no other.
async fn passes_apart_from_letters(system: &Own) {
    system.audit.settles().await;
    system.broker.purge(&dead(REQUESTS)).await;
    system.broker.purge(&dead(RESULTS)).await;
    system.audit.passes().await;
}

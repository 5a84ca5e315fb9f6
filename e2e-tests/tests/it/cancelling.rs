//! Cancelling: each cell of the table of races in docs/MESSAGING.md, and any order in which messages come.

use e2e_tests::events::{
    REQUESTS, REQUESTS_KEY, RESULTS, RESULTS_KEY, batch, cancel_requested, order_created, payment_failed,
    payment_refunded,
};
use e2e_tests::{Account, Entry, Order, until};
use futures_util::future::{join, join_all};
use serde_json::Value;
use stack::SystemOptions;
use uuid::Uuid;

use crate::support::{DELIVERY_INTERVAL, Own, never_sweeping, outside, own, sweeping_soon};

/// Goal: a paid order is paid back, once. Method: cancel it, again and again, and look at the ledger.
#[tokio::test]
async fn paid_order_is_refunded_once() {
    let system = outside().await;
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(100).await;
    let order = shop.order(user_id, 60).await;
    assert_eq!(shop.until_final(order.id).await.status, "FINISHED");
    let answers = join_all((0..10).map(|_| shop.cancelling(order.id).send())).await;
    for answer in answers {
        assert!([200, 202].contains(&answer.status()), "{answer}");
        assert!(answer.json::<Order>().cancel_requested_at.is_some());
    }
    let order = until_cancelled(&system.shop, order.id).await;
    assert_eq!((order.cancel_reason.as_deref(), order.delivery_status), (Some("REFUNDED"), None));
    let again: Order = shop.cancelling(order.id).send().await.expect(200).json();
    assert_eq!(again.status, "CANCELLED");
    assert_eq!(shop.balance(bill_id).await, 100);
    let ledger = shop.ledger(bill_id).await;
    let refund = Entry { kind: "CREDIT".into(), amount: 60, order_id: Some(order.id), balance_after: 100 };
    assert_eq!((ledger.len(), &ledger[0]), (3, &refund));
}

/// Goal: an order that is cancelled before its payment is decided is never paid, although its request comes later.
/// Method: nobody pays; the two requests are put in this order.
#[tokio::test]
async fn order_whose_cancellation_comes_first_is_never_paid() {
    let Some(system) = own(never_sweeping()).await else { return };
    let (account, order) = undecided(&system, 60).await;
    request_in_order(&system, &[cancel_requested(&order), order_created(&order)]).await;
    let order = until_cancelled(&system.shop, order.id).await;
    assert_eq!(order.cancel_reason.as_deref(), Some("CANCELLED_BY_USER"));
    assert_eq!(system.shop.ledger(account.bill_id).await.len(), 1);
    system.audit.passes().await;
}

/// Goal: if the payment wins, the money comes back. Method: the same in the other order.
#[tokio::test]
async fn order_whose_payment_comes_first_is_refunded() {
    let Some(system) = own(never_sweeping()).await else { return };
    let (account, order) = undecided(&system, 60).await;
    request_in_order(&system, &[order_created(&order), cancel_requested(&order)]).await;
    let order = until_cancelled(&system.shop, order.id).await;
    assert_eq!(order.cancel_reason.as_deref(), Some("REFUNDED"));
    assert_eq!(system.shop.balance(account.bill_id).await, 100);
    assert_eq!(system.shop.ledger(account.bill_id).await.len(), 3);
    system.audit.passes().await;
}

/// Goal: an order that could not be paid says so, whether it was cancelled meanwhile or is afterwards.
#[tokio::test]
async fn refused_order_stays_refused() {
    let Some(system) = own(never_sweeping()).await else { return };
    let shop = &system.shop;
    let (_, order) = undecided(&system, 500).await;
    request_in_order(&system, &[order_created(&order), cancel_requested(&order)]).await;
    let order = until_cancelled(shop, order.id).await;
    assert_eq!(order.cancel_reason.as_deref(), Some("INSUFFICIENT_FUNDS"));
    let again: Order = shop.cancelling(order.id).send().await.expect(200).json();
    assert_eq!(again, order);
    system.audit.passes().await;
}

/// Goal: what is on its way can't be called back, and nothing changes. Method: an order for each step.
#[tokio::test]
async fn shipped_order_cannot_be_cancelled() {
    let Some(system) = own(delivering(3_600)).await else { return };
    system.until_tick_begun().await;
    let shop = &system.shop;
    let account = shop.customer(100).await;
    let order = shop.order(account.user_id, 60).await;
    shop.until_final(order.id).await;
    for step in ["SHIPPED", "DELIVERED"] {
        system.tick().await;
        let before = until_delivery(shop, order.id, step).await;
        shop.cancelling(order.id).send().await.problem(409, "order_shipped");
        assert_eq!(shop.status(order.id).await, before);
    }
    assert_eq!(shop.balance(account.bill_id).await, 40);
    system.audit.passes().await;
}

/// Goal: an order that is to be cancelled is not shipped, however long that takes. Method: nobody pays back meanwhile; of
/// two orders only the other one is shipped.
#[tokio::test]
async fn order_that_is_to_be_cancelled_is_not_shipped() {
    let Some(system) = own(delivering(3_600)).await else { return };
    system.until_tick_begun().await;
    let shop = &system.shop;
    let account = shop.customer(100).await;
    let (order, other) = join(shop.order(account.user_id, 60), shop.order(account.user_id, 1)).await;
    join(shop.until_final(order.id), shop.until_final(other.id)).await;
    system.payments(0).terminate().await.unwrap();
    shop.cancelling(order.id).send().await.expect(202);
    system.tick().await;
    until_delivery(shop, other.id, "SHIPPED").await;
    assert_eq!(shop.status(order.id).await.delivery_status.as_deref(), Some("PENDING"));
    system.payments(0).start().await.unwrap();
    assert_eq!(until_cancelled(shop, order.id).await.cancel_reason.as_deref(), Some("REFUNDED"));
    assert_eq!(shop.balance(account.bill_id).await, 99);
    system.audit.passes().await;
}

/// Goal: a request that is lost is made again. Method: of a NEW order and of a paid one the requests are deleted.
#[tokio::test]
async fn lost_cancellation_is_asked_for_again() {
    let Some(system) = own(sweeping_soon()).await else { return };
    let shop = &system.shop;
    let account = shop.customer(100).await;
    let paid = shop.order(account.user_id, 60).await;
    shop.until_final(paid.id).await;
    system.payments(0).terminate().await.unwrap();
    let new = shop.order(account.user_id, 1).await;
    for order in [&paid, &new] {
        shop.cancelling(order.id).send().await.expect(202);
    }
    system.broker.until_events(REQUESTS, 3).await;
    system.broker.purge(REQUESTS).await;
    system.payments(0).start().await.unwrap();
    assert_eq!(until_cancelled(shop, paid.id).await.cancel_reason.as_deref(), Some("REFUNDED"));
    until_cancelled(shop, new.id).await;
    assert_eq!(shop.balance(account.bill_id).await, 100);
    system.audit.passes().await;
}

/// Goal: nothing is cancelled that nobody asked for. Method: forged results, of a paid order and of one that waits.
#[tokio::test]
async fn cancellation_that_nobody_asked_for_is_a_dead_letter() {
    let Some(system) = own(never_sweeping()).await else { return };
    let shop = &system.shop;
    let account = shop.customer(100).await;
    let paid = shop.order(account.user_id, 60).await;
    let before = shop.until_final(paid.id).await;
    system.payments(0).terminate().await.unwrap();
    let new = shop.order(account.user_id, 1).await;
    let forged = [payment_refunded(&paid), payment_refunded(&new), payment_failed(&new, "CANCELLED_BY_USER")];
    system.broker.publish(RESULTS_KEY, &batch(&forged)).await;
    until("all three are dead letters", async || {
        let letters = system.broker.dead_letters().await;
        let told = letters.iter().filter(|letter| letter.payload.contains("cancellation-not-requested"));
        let count = told.map(|letter| letter.events().len()).sum::<usize>();
        if count == 3 { Ok(()) } else { Err(format!("{count} are")) }
    })
    .await;
    assert_eq!(shop.status(paid.id).await, before);
    assert_eq!(shop.status(new.id).await.status, "NEW");
}

#[tokio::test]
async fn order_that_does_not_exist_cannot_be_cancelled() {
    let system = outside().await;
    let shop = &system.shop;
    shop.cancelling(Uuid::now_v7()).send().await.problem(404, "order_not_found");
    let order = shop.order(Uuid::new_v4(), 1).await;
    let request = shop.cancelling(order.id).header("Idempotency-Key", "");
    request.send().await.problem(400, "invalid_idempotency_key");
    assert_eq!(shop.status(order.id).await.cancel_requested_at, None);
}

/// Goal: whatever the order in which messages come, and however often, money is conserved and each order ends in one of
/// two ways. Method: the requests of 60 orders, and then their results, are taken from their queues, and each is put back
/// up to three times, in any order.
#[tokio::test]
async fn any_interleaving_of_payment_and_cancellation_conserves_money() {
    const ORDERS: usize = 60;
    let Some(system) = own(never_sweeping()).await else { return };
    let shop = &system.shop;
    let account = shop.customer(100_000).await;
    system.payments(0).terminate().await.unwrap();
    let orders = join_all((1..=ORDERS as i64).map(|amount| shop.order(account.user_id, amount))).await;
    for order in &orders {
        shop.cancelling(order.id).send().await.expect(202);
    }
    shuffle_queue(&system, REQUESTS, REQUESTS_KEY, 2 * ORDERS).await;
    system.orders(0).terminate().await.unwrap();
    system.payments(0).start().await.unwrap();
    // At least one for each order, some are told again.
    system.broker.until_events(RESULTS, ORDERS).await;
    until_taken(&system, REQUESTS).await;
    shuffle_queue(&system, RESULTS, RESULTS_KEY, ORDERS).await;
    system.orders(0).start().await.unwrap();
    let settled = join_all(orders.iter().map(|order| until_cancelled(shop, order.id))).await;
    let refunded = |order: &&Order| order.cancel_reason.as_deref() == Some("REFUNDED");
    let refunds = settled.iter().filter(refunded).count();
    println!("{refunds} of {ORDERS} were refunded");
    assert!((1..ORDERS).contains(&refunds), "{refunds} refunds: not both ways were tried");
    assert_eq!(shop.balance(account.bill_id).await, 100_000);
    assert_eq!(shop.ledger(account.bill_id).await.len(), 1 + 2 * refunds);
    system.audit.passes().await;
}

/// Goal: no order is both delivered and refunded. Method: orders are cancelled while they are paid and delivered, by two
/// replicas of each service, and some when they are shipped; whatever an answer promised holds in the end.
#[tokio::test]
async fn cancellations_race_payments_and_deliveries() {
    let options = SystemOptions { orders_replicas: 2, payments_replicas: 2, ..delivering(1) };
    let Some(system) = own(options).await else { return };
    let shop = &system.shop;
    let account = shop.customer(1_000_000).await;
    let race = async |number: u64| {
        let order = shop.order(account.user_id, 10).await;
        if number < 90 {
            // From at once to after the first steps.
            tokio::time::sleep(std::time::Duration::from_millis(40 * number)).await;
        } else {
            until_shipped(shop, order.id).await;
        }
        let answer = shop.cancelling(order.id).send().await;
        match answer.status() {
            202 => assert_eq!(until_cancelled(shop, order.id).await.delivery_status, None),
            409 => {
                until_delivery(shop, order.id, "DELIVERED").await;
            }
            _ => panic!("{answer}"),
        }
        answer.status() == 202
    };
    let cancelled = join_all((0..100).map(race)).await.into_iter().filter(|cancelled| *cancelled).count();
    assert!((1..100).contains(&cancelled), "{cancelled} were cancelled: not both ways were tried");
    assert_eq!(shop.balance(account.bill_id).await, 1_000_000 - 10 * (100 - cancelled as i64));
    system.audit.passes().await;
}

/// A system whose paid orders make a step so often.
fn delivering(interval_seconds: u32) -> SystemOptions {
    let mut options = never_sweeping();
    options.environment.push((DELIVERY_INTERVAL.into(), interval_seconds.to_string()));
    options
}

/// A NEW order of an account of 1.00 that is to be cancelled; payments-service does not run.
async fn undecided(system: &Own, amount: i64) -> (Account, Order) {
    let shop = &system.shop;
    let account = shop.customer(100).await;
    system.payments(0).terminate().await.unwrap();
    let order = shop.order(account.user_id, amount).await;
    let requested: Order = shop.cancelling(order.id).send().await.expect(202).json();
    assert_eq!(requested.status, "NEW");
    (account, order)
}

/// Puts these requests in the place of those that wait, and starts payments-service.
async fn request_in_order(system: &Own, requests: &[Value]) {
    system.broker.until_events(REQUESTS, requests.len()).await;
    system.broker.purge(REQUESTS).await;
    for request in requests {
        system.broker.publish(REQUESTS_KEY, &batch(std::slice::from_ref(request))).await;
    }
    system.payments(0).start().await.unwrap();
}

/// Puts whatever a queue holds, `count` events or more, back in another order, some of it several times.
async fn shuffle_queue(system: &Own, queue: &str, routing_key: &str, count: usize) {
    let events = system.broker.until_events(queue, count).await;
    system.broker.purge(queue).await;
    let copies = |event: Value| vec![event; fastrand::usize(1..=3)];
    let mut events: Vec<Value> = events.into_iter().flat_map(copies).collect();
    fastrand::shuffle(&mut events);
    for chunk in events.chunks(7) {
        system.broker.publish(routing_key, &batch(chunk)).await;
    }
}

async fn until_taken(system: &Own, queue: &str) {
    until(format!("all of {queue} is taken"), async || match system.broker.try_count(queue).await? {
        0 => Ok(()),
        count => Err(format!("{count} wait")),
    })
    .await;
}

async fn until_cancelled(shop: &e2e_tests::Shop, order: Uuid) -> Order {
    until(format!("order {order} is cancelled"), async || {
        let now = shop.status(order).await;
        if now.status == "CANCELLED" { Ok(now) } else { Err(format!("{now:?}")) }
    })
    .await
}

async fn until_shipped(shop: &e2e_tests::Shop, order: Uuid) {
    until(format!("order {order} is shipped"), async || {
        match shop.status(order).await.delivery_status.as_deref() {
            Some("SHIPPED" | "DELIVERED") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
}

async fn until_delivery(shop: &e2e_tests::Shop, order: Uuid, status: &str) -> Order {
    until(format!("order {order} is {status}"), async || {
        let now = shop.status(order).await;
        if now.delivery_status.as_deref() == Some(status) { Ok(now) } else { Err(format!("{now:?}")) }
    })
    .await
}

//! Messages that come again, come late, or do not come at all; and orders that come at once.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use e2e_tests::events::{REQUESTS, REQUESTS_KEY, RESULTS, batch, event_id, order_created, payment_succeeded};
use e2e_tests::{Account, Order, until};
use futures_util::future::{join, join_all};
use serde_json::Value;
use stack::SystemOptions;
use uuid::{NoContext, Timestamp, Uuid};

use crate::support::{Own, never_sweeping, own, sweeping_soon};

/// Goal: a message may come as often as it likes, in any company. Method: 20 orders wait while nobody pays; each one's
/// request is published 50 more times, shuffled, in batches of every size. Another order behind them all shows that all
/// were handled.
#[tokio::test]
async fn message_delivered_50_times_among_others_debits_once() {
    let Some(system) = own(never_sweeping()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(100_000).await;
    system.payments(0).terminate().await.unwrap();
    let orders = join_all((1..=20).map(|amount| shop.order(user_id, amount))).await;

    let sent = system.broker.until_events(REQUESTS, orders.len()).await;
    let mut again: Vec<Value> = (0..50).flat_map(|_| sent.clone()).collect();
    fastrand::shuffle(&mut again);
    while !again.is_empty() {
        let rest = again.split_off(fastrand::usize(1..=100).min(again.len()));
        system.broker.publish(REQUESTS_KEY, &batch(&again)).await;
        again = rest;
    }
    let last = shop.order(user_id, 21).await;
    system.payments(0).start().await.unwrap();
    assert_eq!(shop.until_final(last.id).await.status, "FINISHED");

    assert_eq!(shop.balance(bill_id).await, 100_000 - (1..=21).sum::<i64>());
    assert_eq!(shop.ledger(bill_id).await.len(), 1 + 21);
    for order in orders {
        assert_eq!(shop.until_final(order.id).await.status, "FINISHED");
    }
    system.audit.passes().await;
}

/// Goal: a request that comes again is answered again, with the very same event: its first result may have been lost.
/// Method: publish it again while nobody takes results, and look at what waits to be taken.
#[tokio::test]
async fn repeated_request_is_answered_with_the_stored_result() {
    let Some(system) = own(never_sweeping()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(100).await;
    let paid = shop.order(user_id, 60).await;
    assert_eq!(shop.until_final(paid.id).await.status, "FINISHED");
    let refused = shop.order(user_id, 60).await;
    assert_eq!(shop.until_final(refused.id).await.status, "CANCELLED");
    system.orders(0).terminate().await.unwrap();

    let mut seen = Vec::new();
    for times in [1, 2] {
        system.broker.publish(REQUESTS_KEY, &batch(&[order_created(&paid), order_created(&refused)])).await;
        let results = system.broker.until_events(RESULTS, 2 * times).await;
        for result in results {
            let decided = &result["data"];
            let order = if decided["order_id"] == paid.id.to_string() { &paid } else { &refused };
            let kind = if order.id == paid.id { "PaymentSucceeded" } else { "PaymentFailed" };
            assert_eq!((&result["type"], &decided["amount"]), (&kind.into(), &60.into()), "{result}");
            assert_eq!(result["id"], event_id(order.id, kind).to_string());
            seen.push((order.id, result));
        }
    }
    for (id, result) in &seen {
        assert!(seen.iter().all(|(other, same)| other != id || same == result), "{seen:#?}");
    }
    assert_eq!(
        payment_succeeded(&paid)["data"],
        seen.iter().find(|(id, _)| *id == paid.id).unwrap().1["data"]
    );
    system.orders(0).start().await.unwrap();
    assert_eq!(shop.balance(bill_id).await, 40);
    system.audit.passes().await;
}

/// Goal: a decision is for ever, though the inbox is not, and though there is money by now. Method: an order is refused
/// and one paid; the inbox is emptied, as its retention will; money comes; both requests come again.
#[tokio::test]
async fn request_that_the_inbox_has_forgotten_changes_nothing() {
    let Some(system) = own(never_sweeping()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(100).await;
    let (paid, refused) = (shop.order(user_id, 40).await, shop.order(user_id, 500).await);
    join(shop.until_final(paid.id), shop.until_final(refused.id)).await;
    shop.deposit(bill_id, 10_000).await;
    for database in [system.orders_database().await, system.payments_database().await] {
        database.execute("DELETE FROM inbox").await.unwrap();
    }

    system.broker.publish(REQUESTS_KEY, &batch(&[order_created(&paid), order_created(&refused)])).await;
    let last = shop.order(user_id, 1).await;
    assert_eq!(shop.until_final(last.id).await.status, "FINISHED");
    assert_eq!(shop.balance(bill_id).await, 100 - 40 + 10_000 - 1);
    assert_eq!(shop.status(refused.id).await.status, "CANCELLED");
    system.audit.passes().await;
}

/// Goal: two orders that only one balance suffices for: one is paid, whichever, and one is not. Method: both at once
/// through two replicas of each service, ten times.
#[tokio::test]
async fn two_orders_racing_for_one_balance_pay_exactly_one() {
    let Some(system) = own(replicated()).await else { return };
    let shop = &system.shop;
    for _ in 0..10 {
        let Account { user_id, bill_id, .. } = shop.customer(100).await;
        let (first, second) = join(shop.order(user_id, 60), shop.order(user_id, 60)).await;
        let (first, second) = join(shop.until_final(first.id), shop.until_final(second.id)).await;
        let mut outcomes = [first, second].map(|order| (order.status, order.cancel_reason));
        outcomes.sort();
        let expected =
            [("CANCELLED".into(), Some("INSUFFICIENT_FUNDS".into())), ("FINISHED".to_owned(), None)];
        assert_eq!(outcomes, expected);
        assert_eq!(shop.balance(bill_id).await, 40);
    }
    system.audit.passes().await;
}

/// Goal: a busy account stays exact. Method: 100 deposits and 100 orders on one account, all at once, through two
/// replicas of each service; some orders find too little.
#[tokio::test]
async fn concurrent_orders_and_deposits_keep_the_balance_exact() {
    let Some(system) = own(replicated()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(0).await;
    let deposits = join_all((1..=100).map(|i| shop.deposit(bill_id, i)));
    let orders = join_all((1..=100).map(|i| shop.order(user_id, 2 * i)));
    let (_, orders) = join(deposits, orders).await;
    let settled = join_all(orders.iter().map(|order| shop.until_final(order.id))).await;

    let paid: i64 = settled.iter().filter(|order| order.status == "FINISHED").map(|order| order.amount).sum();
    let ledger = shop.ledger(bill_id).await;
    let total =
        |kind: &str| ledger.iter().filter(|entry| entry.kind == kind).map(|entry| entry.amount).sum::<i64>();
    assert_eq!((total("CREDIT"), total("DEBIT")), ((1..=100).sum(), paid));
    assert_eq!(shop.balance(bill_id).await, total("CREDIT") - paid);
    for order in settled.iter().filter(|order| order.status != "FINISHED") {
        assert_eq!(order.cancel_reason.as_deref(), Some("INSUFFICIENT_FUNDS"), "{order:?}");
    }
    system.audit.passes().await;
}

/// Goal: a result that is lost after the payment is told again, and the order is not paid twice. Method: nobody takes
/// results while orders are decided; the queue of results is emptied; the sweep asks again.
#[tokio::test]
async fn lost_result_is_healed_by_the_sweep() {
    let Some(system) = own(sweeping_soon()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(1_000).await;
    let orders = without_results(&system, user_id).await;
    system.broker.purge(RESULTS).await;
    assert_eq!(system.broker.look(RESULTS).await.len(), 0);

    system.orders(0).start().await.unwrap();
    for order in &orders {
        let is_affordable = order.amount < 1_000;
        let expected = if is_affordable { "FINISHED" } else { "CANCELLED" };
        assert_eq!(shop.until_final(order.id).await.status, expected);
    }
    assert_eq!(shop.balance(bill_id).await, 700);
    assert_eq!(shop.ledger(bill_id).await.len(), 2);
    system.audit.passes().await;
}

/// Goal: a request that is lost before the payment is made again. Method: the queue of requests is emptied while nobody
/// pays.
#[tokio::test]
async fn lost_request_is_healed_by_the_sweep() {
    let Some(system) = own(sweeping_soon()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(1_000).await;
    system.payments(0).terminate().await.unwrap();
    let order = shop.order(user_id, 300).await;
    system.broker.until_holds(REQUESTS, 1).await;
    system.broker.purge(REQUESTS).await;
    system.payments(0).start().await.unwrap();
    assert_eq!(shop.until_final(order.id).await.status, "FINISHED");
    assert_eq!(shop.balance(bill_id).await, 700);
    system.audit.passes().await;
}

fn replicated() -> SystemOptions {
    SystemOptions { orders_replicas: 2, payments_replicas: 2, ..never_sweeping() }
}

/// Two orders, one of which can be paid, both decided; the results wait in their queue and orders-service is stopped.
async fn without_results(system: &Own, user: Uuid) -> Vec<Order> {
    let shop = &system.shop;
    system.payments(0).terminate().await.unwrap();
    let orders = vec![shop.order(user, 300).await, shop.order(user, 5_000).await];
    system.broker.until_events(REQUESTS, orders.len()).await;
    system.orders(0).terminate().await.unwrap();
    system.payments(0).start().await.unwrap();
    let payments = system.payments_database().await;
    until("both are decided and told", async || {
        let decided = payments.number("SELECT count(*) FROM payments").await;
        let untold = payments.number("SELECT count(*) FROM outbox").await;
        if (decided, untold) == (2, 0) { Ok(()) } else { Err(format!("{decided} decided, {untold} untold")) }
    })
    .await;
    system.broker.until_events(RESULTS, orders.len()).await;
    orders
}

/// Goal: an order that commits later than others with greater ids is swept. Method: once a sweep has been, store an order
/// whose id is 15 s old, without a request in the outbox.
#[tokio::test]
async fn order_that_commits_late_is_asked_for() {
    let Some(system) = own(sweeping_soon()).await else { return };
    let shop = &system.shop;
    let user = shop.customer(100).await.user_id;
    let database = system.orders_database().await;
    until("a sweep has moved the watermark", async || {
        let moved = format!("SELECT count(*) FROM sweep WHERE watermark > '{}'", Uuid::nil());
        match database.number(&moved).await {
            1 => Ok(()),
            _ => Err("none has".into()),
        }
    })
    .await;

    let made = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() - Duration::from_secs(15);
    let made = Timestamp::from_unix(NoContext, made.as_secs(), made.subsec_nanos());
    let order = Uuid::new_v7(made);
    let late = "INSERT INTO orders (id, user_id, amount, description, created_at, updated_at)";
    database
        .execute(&format!("{late} VALUES ('{order}', '{user}', 60, 'late', now(), now())"))
        .await
        .unwrap();
    assert_eq!(shop.until_final(order).await.status, "FINISHED");
    system.audit.passes().await;
}

/// Goal: an order that nobody answers holds up no sweep, and is asked for until it is answered. Method: nobody pays;
/// wait until the watermark has passed the order and its payment was asked for twice again; then let payments go on.
#[tokio::test]
async fn order_without_an_answer_is_asked_for_until_it_has_one_and_holds_up_no_sweep() {
    let Some(system) = own(sweeping_soon()).await else { return };
    let shop = &system.shop;
    let user = shop.customer(100).await.user_id;
    system.payments(0).kill();
    let order = shop.order(user, 60).await.id;
    let database = system.orders_database().await;
    let passed = format!("SELECT count(*) FROM sweep WHERE watermark > '{order}'");
    let asked = format!("SELECT count(*) FROM unanswered WHERE order_id = '{order}' AND resends > 1");
    until("the watermark passes the order, which was asked for twice again", async || {
        match (database.number(&passed).await, database.number(&asked).await) {
            (1, 1) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert_eq!(shop.status(order).await.status, "NEW");

    system.payments(0).start().await.unwrap();
    assert_eq!(shop.until_final(order).await.status, "FINISHED");
    until("the order is noted no longer", async || {
        match database.number("SELECT count(*) FROM unanswered").await {
            0 => Ok(()),
            more => Err(format!("{more} are")),
        }
    })
    .await;
    system.audit.passes().await;
}

/// Goal: while the relay is behind, no order is noted as unanswered and none is asked for again. Method: nobody pays; a
/// message waits in the outbox that is locked, so that no relay takes it, once before an order is noted and once after; the
/// sweep comes several times; then the message goes.
#[tokio::test]
async fn sweep_holds_back_while_the_relay_is_behind() {
    const HOLD: &str = "
        BEGIN;
        INSERT INTO outbox (message_id, type, routing_key, payload) VALUES (gen_random_uuid(), 'held', '', '');
        COMMIT;
        BEGIN;
        DELETE FROM outbox WHERE type = 'held'";
    const IS_BEHIND: &str =
        "SELECT count(*) FROM outbox WHERE type = 'held' AND created_at < now() - interval '3 seconds'";
    const LOOKS: &str =
        "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'sweep'";
    let Some(system) = own(sweeping_soon()).await else { return };
    let shop = &system.shop;
    let user = shop.customer(100).await.user_id;
    system.payments(0).kill();
    let [database, holder] = [system.orders_database().await, system.orders_database().await];
    let at_least = async |what: &str, query: &str, least: i64| {
        until(what, async || match database.number(query).await {
            number if number >= least => Ok(()),
            number => Err(format!("{number} of {least}")),
        })
        .await;
    };
    let sweeps_come = async || {
        at_least("sweeps come", LOOKS, database.number(LOOKS).await + 10).await;
    };

    holder.execute(HOLD).await.unwrap();
    let order = shop.order(user, 60).await.id;
    let is_old = format!(
        "SELECT count(*) FROM orders WHERE id = '{order}' AND created_at < now() - interval '3 seconds'"
    );
    let noted = format!("SELECT count(*) FROM unanswered WHERE order_id = '{order}'");
    let resends =
        format!("SELECT coalesce(max(resends), 0)::bigint FROM unanswered WHERE order_id = '{order}'");
    at_least("the order is old", &is_old, 1).await;
    sweeps_come().await;
    assert_eq!(database.number(&noted).await, 0);
    holder.execute("COMMIT").await.unwrap();
    at_least("the order is asked for again", &resends, 1).await;

    holder.execute(HOLD).await.unwrap();
    at_least("the relay is behind", IS_BEHIND, 1).await;
    let before = database.number(&resends).await;
    database.execute("UPDATE unanswered SET due_at = now()").await.unwrap();
    sweeps_come().await;
    assert_eq!(database.number(&resends).await, before);
    holder.execute("COMMIT").await.unwrap();
    at_least("the order is asked for again", &resends, before + 1).await;

    system.payments(0).start().await.unwrap();
    assert_eq!(shop.until_final(order).await.status, "FINISHED");
    system.audit.passes().await;
}

//! The same POST again: it takes effect once and is answered the same.

use e2e_tests::{Account, Answer, Order, Request, Shop};
use futures_util::future::join_all;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{fresh_key, outside};

const TWINS: usize = 20;

/// Sends the same request 20 times at once, through every door, and returns what all were answered; one was first, and
/// the others say that they are replays.
async fn twins(doors: &[Shop], request: impl Fn(&Shop) -> Request) -> Answer {
    let requests = (0..TWINS).map(|i| request(&doors[i % doors.len()]).send());
    let answers = join_all(requests).await;
    let replays = answers.iter().filter(|answer| answer.is_replayed()).count();
    assert_eq!(replays, TWINS - 1, "{answers:#?}");
    for answer in &answers {
        assert_eq!((answer.status(), answer.text()), (answers[0].status(), answers[0].text()));
    }
    answers.into_iter().next().expect("twenty answers")
}

/// Goal: a repeated order is the first one, and answered as then, whatever has become of it. Method: repeat it at once
/// and when it is final.
#[tokio::test]
async fn repeated_order_replays_its_first_answer_even_when_final() {
    let outside = outside().await;
    let shop = &outside.shop;
    let Account { user_id, bill_id, .. } = shop.customer(1_000).await;
    let key = fresh_key();
    let ordering = || shop.ordering(user_id, 300, "tea").key(&key);

    let first = ordering().send().await.expect(201);
    assert!(!first.is_replayed(), "{first}");
    let order: Order = first.json();
    let second = ordering().send().await;
    assert_eq!(shop.until_final(order.id).await.status, "FINISHED");
    let third = ordering().send().await;
    for replay in [second, third] {
        let replay = replay.expect(201);
        assert!(replay.is_replayed(), "{replay}");
        assert_eq!(replay.json::<Order>(), order);
        assert_eq!(replay.header("Location"), first.header("Location"));
    }
    assert_eq!(shop.orders_of(user_id).await.len(), 1);
    assert_eq!(shop.balance(bill_id).await, 700);
}

/// Goal: clients that are impatient, or proxies that are, create one order. Method: 20 at once across the replicas.
#[tokio::test]
async fn twenty_orders_at_once_with_one_key_are_one_order() {
    let outside = outside().await;
    let Account { user_id, bill_id, .. } = outside.shop.customer(1_000).await;
    let key = fresh_key();
    let answer = twins(&outside.orders_doors, |door| door.ordering(user_id, 10, "one").key(&key)).await;
    let order: Order = answer.expect(201).json();
    outside.shop.until_final(order.id).await;
    assert_eq!(outside.shop.orders_of(user_id).await.len(), 1);
    assert_eq!(outside.shop.balance(bill_id).await, 990);
}

/// Goal: the same for deposits. Method: 20 at once across the replicas, then once more.
#[tokio::test]
async fn twenty_deposits_at_once_with_one_key_are_one_deposit() {
    let outside = outside().await;
    let shop = &outside.shop;
    let bill = shop.customer(5).await.bill_id;
    let key = fresh_key();
    let first = twins(&outside.payments_doors, |door| door.depositing(bill, 10).key(&key)).await.expect(200);
    assert_eq!(first.json::<Account>().balance, 15);

    shop.deposit(bill, 1).await;
    let later = shop.depositing(bill, 10).key(&key).send().await.expect(200);
    assert!(later.is_replayed(), "{later}");
    assert_eq!(later.text(), first.text(), "the first answer, not the balance of now");
    assert_eq!(shop.balance(bill).await, 16);
}

/// Goal: the same for opening an account; without the key, or with another, it is refused. Method: as above, and the
/// account is used before it is opened again.
#[tokio::test]
async fn twenty_openings_at_once_with_one_key_open_one_account() {
    let outside = outside().await;
    let (shop, user, key) = (&outside.shop, Uuid::new_v4(), fresh_key());
    let first = twins(&outside.payments_doors, |door| door.opening(user).key(&key)).await.expect(201);
    let bill = first.json::<Account>().bill_id;

    shop.deposit(bill, 10).await;
    let later = shop.opening(user).key(&key).send().await.expect(201);
    assert!(later.is_replayed(), "{later}");
    assert_eq!(later.text(), first.text());
    for other in [shop.opening(user), shop.opening(user).key(&fresh_key())] {
        assert_eq!(other.send().await.problem(409, "account_exists")["bill_id"], bill.to_string());
    }
    assert_eq!(shop.balance(bill).await, 10);
}

/// Goal: a key that comes with another request is an error, not a new order and not the old one. Method: another amount,
/// another description, then the first again.
#[tokio::test]
async fn key_of_another_order_is_refused() {
    let outside = outside().await;
    let (shop, user, key) = (&outside.shop, Uuid::new_v4(), fresh_key());
    let order: Order = shop.ordering(user, 10, "tea").key(&key).send().await.expect(201).json();
    for (amount, description) in [(11, "tea"), (10, "Tea"), (10, "tea ")] {
        let answer = shop.ordering(user, amount, description).key(&key).send().await;
        answer.problem(422, "idempotency_key_reused");
    }
    let again = shop.ordering(user, 10, "tea").key(&key).send().await.expect(201);
    assert_eq!(again.json::<Order>(), order);
    assert_eq!(shop.orders_of(user).await.len(), 1);
}

/// Goal: of two different requests with one key at the same time, one counts. Method: 20 at once, half of them with
/// another amount; whichever was first decides who is right.
#[tokio::test]
async fn racing_orders_with_one_key_and_two_bodies_are_one_order() {
    let outside = outside().await;
    let doors = &outside.orders_doors;
    for _ in 0..5 {
        let (user, key) = (Uuid::new_v4(), fresh_key());
        let amount = |i: usize| if i.is_multiple_of(3) { 10 } else { 20 };
        let requests =
            (0..TWINS).map(|i| doors[i % doors.len()].ordering(user, amount(i), "race").key(&key).send());
        let answers = join_all(requests).await;
        let orders = outside.shop.orders_of(user).await;
        assert_eq!(orders.len(), 1, "{answers:#?}");
        for (i, answer) in answers.iter().enumerate() {
            if amount(i) == orders[0].amount {
                assert_eq!((answer.status(), answer.json::<Order>().id), (201, orders[0].id));
            } else {
                answer.problem(422, "idempotency_key_reused");
            }
        }
    }
}

/// Goal: the same for deposits. Method: another amount.
#[tokio::test]
async fn key_of_another_deposit_is_refused() {
    let outside = outside().await;
    let (shop, key) = (&outside.shop, fresh_key());
    let bill = shop.customer(0).await.bill_id;
    shop.depositing(bill, 10).key(&key).send().await.expect(200);
    shop.depositing(bill, 11).key(&key).send().await.problem(422, "idempotency_key_reused");
    assert_eq!(shop.balance(bill).await, 10);
}

/// Goal: a key belongs to a user or an account, not to the world. Method: two users with one key.
#[tokio::test]
async fn users_may_use_the_same_key() {
    let outside = outside().await;
    let (shop, key) = (&outside.shop, fresh_key());
    for _ in 0..2 {
        let account = shop.customer(0).await;
        let deposit = shop.depositing(account.bill_id, 10).key(&key).send().await.expect(200);
        let order = shop.ordering(account.user_id, 10, "mine").key(&key).send().await.expect(201);
        assert!(!deposit.is_replayed() && !order.is_replayed());
        assert_eq!(order.json::<Order>().user_id, account.user_id);
    }
}

/// Goal: a refused request leaves nothing behind, so its key is free. Method: refuse orders and deposits for every reason
/// that a client can correct, and use the key again.
#[tokio::test]
async fn key_of_a_refused_request_is_free() {
    let outside = outside().await;
    let shop = &outside.shop;
    let account = shop.customer(0).await;
    let order = format!("/orders/create/{}", account.user_id);
    let deposit = format!("/payments/add/{}", account.bill_id);
    let refused = ["{", "[]", r#"{"amount":0,"description":"x"}"#, r#"{"amount":1,"description":""}"#];
    let key = fresh_key();
    for body in refused {
        for path in [&order, &deposit] {
            let answer = shop.post(path).key(&key).body(body).send().await;
            assert!((400..500).contains(&answer.status()), "{answer}");
        }
    }
    let answer = shop.ordering(account.user_id, 10, "now").key(&key).send().await.expect(201);
    assert!(!answer.is_replayed(), "{answer}");
    let answer = shop.depositing(account.bill_id, 10).key(&key).send().await.expect(200);
    assert!(!answer.is_replayed(), "{answer}");

    // A deposit to an account that does not exist yet is refused; there is nothing that its key could stick to.
    let nobody = Uuid::new_v4();
    for _ in 0..2 {
        let answer: Value =
            shop.depositing(nobody, 10).key(&key).send().await.problem(404, "account_not_found");
        assert_eq!(answer["status"], 404);
    }
}

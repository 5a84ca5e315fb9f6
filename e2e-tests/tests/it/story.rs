//! What the system is for, as a client sees it.

use std::collections::HashSet;

use e2e_tests::{Account, Entry, Order, Shop, link_to_next};
use futures_util::future::join_all;
use reqwest::Method;
use uuid::Uuid;

use crate::support::outside;

/// Goal: a user has one account. Method: open it twice; the refusal names the account that there is.
#[tokio::test]
async fn user_opens_one_account() {
    let outside = outside().await;
    let (shop, user) = (&outside.shop, Uuid::new_v4());
    let path = format!("/payments/account/{user}");
    shop.get(&path).send().await.problem(404, "account_not_found");

    let account = shop.open_account(user).await;
    assert_eq!((account.user_id, account.balance), (user, 0));
    let refusal = shop.opening(user).send().await.problem(409, "account_exists");
    assert_eq!(refusal["bill_id"], account.bill_id.to_string());
    assert_eq!(shop.get(&path).send().await.expect(200).json::<Account>(), account);
}

/// Goal: two requests at once open one account as well. Method: ten at once, through every replica.
#[tokio::test]
async fn racing_requests_open_one_account() {
    let outside = outside().await;
    let user = Uuid::new_v4();
    let requests =
        (0..10).map(|i| outside.payments_doors[i % outside.payments_doors.len()].opening(user).send());
    let answers = join_all(requests).await;
    let opened: Vec<_> = answers.iter().filter(|answer| answer.status() == 201).collect();
    assert_eq!(opened.len(), 1, "{answers:#?}");
    let bill = opened[0].json::<Account>().bill_id.to_string();
    for answer in answers.iter().filter(|answer| answer.status() != 201) {
        assert_eq!(answer.problem(409, "account_exists")["bill_id"], bill);
    }
}

/// Goal: an order is paid, once and by exactly its amount, and the ledger tells it. Method: the whole way by HTTP.
#[tokio::test]
async fn order_within_the_balance_is_paid_from_it() {
    let outside = outside().await;
    let shop = &outside.shop;
    let Account { user_id, bill_id, .. } = shop.customer(10_000).await;

    let answer = shop.ordering(user_id, 2_550, "a book").send().await.expect(201);
    let order: Order = answer.json();
    assert_eq!(answer.header("Location"), Some(format!("/orders/status/{}", order.id).as_str()));
    assert_eq!((order.user_id, order.amount, order.description.as_str()), (user_id, 2_550, "a book"));
    assert_eq!((order.status.as_str(), &order.cancel_reason, &order.delivery_status), ("NEW", &None, &None));

    let settled = shop.until_final(order.id).await;
    assert_eq!((settled.status.as_str(), &settled.cancel_reason), ("FINISHED", &None));
    assert_eq!((settled.amount, &settled.created_at), (order.amount, &order.created_at));
    assert_eq!(shop.balance(bill_id).await, 10_000 - 2_550);
    let debit = entry("DEBIT", 2_550, Some(order.id), 7_450);
    assert_eq!(shop.ledger(bill_id).await, [debit, entry("CREDIT", 10_000, None, 10_000)]);
}

/// Goal: an order beyond the balance is cancelled, says why, costs nothing, and stays so when money comes. Method: order
/// one kopeck too much, then deposit; an order of exactly the balance goes through afterwards.
#[tokio::test]
async fn order_beyond_the_balance_is_cancelled_and_costs_nothing() {
    let outside = outside().await;
    let shop = &outside.shop;
    let Account { user_id, bill_id, .. } = shop.customer(1_000).await;

    let refused = shop.order(user_id, 1_001).await.id;
    let expected = ("CANCELLED".to_owned(), Some("INSUFFICIENT_FUNDS".to_owned()));
    let Order { status, cancel_reason, .. } = shop.until_final(refused).await;
    assert_eq!((status, cancel_reason), expected);
    assert_eq!(shop.ledger(bill_id).await, [entry("CREDIT", 1_000, None, 1_000)]);

    shop.deposit(bill_id, 1).await;
    let paid = shop.order(user_id, 1_001).await.id;
    assert_eq!(shop.until_final(paid).await.status, "FINISHED");
    assert_eq!(shop.balance(bill_id).await, 0);
    let Order { status, cancel_reason, .. } = shop.status(refused).await;
    assert_eq!((status, cancel_reason), expected);
}

/// Goal: an order of a user without an account is cancelled and says why. Method: by HTTP.
#[tokio::test]
async fn order_without_an_account_is_cancelled() {
    let outside = outside().await;
    let order = outside.shop.order(Uuid::new_v4(), 1).await;
    let settled = outside.shop.until_final(order.id).await;
    let outcome = (settled.status.as_str(), settled.cancel_reason.as_deref());
    assert_eq!(outcome, ("CANCELLED", Some("ACCOUNT_NOT_FOUND")));
}

/// Goal: what does not exist is said not to exist, and a user without orders has an empty list. Method: ask.
#[tokio::test]
async fn unknown_ids_are_not_found() {
    let outside = outside().await;
    let (shop, nobody) = (&outside.shop, Uuid::new_v4());
    for path in ["balance", "account", "transactions"] {
        let answer = shop.get(&format!("/payments/{path}/{nobody}")).send().await;
        answer.problem(404, "account_not_found");
    }
    shop.depositing(nobody, 1).send().await.problem(404, "account_not_found");
    shop.get(&format!("/orders/status/{nobody}")).send().await.problem(404, "order_not_found");
    assert_eq!(shop.orders_of(nobody).await, []);
}

/// Goal: following the `Link` headers from page to page shows everything once, newest first, even while more comes in.
/// Method: 25 orders, pages of 4, and an order between any two pages, which belongs before the first.
#[tokio::test]
async fn pages_of_orders_show_each_once_newest_first() {
    let outside = outside().await;
    let (shop, user) = (&outside.shop, Uuid::new_v4());
    let mut expected = Vec::new();
    for _ in 0..25 {
        expected.push(shop.order(user, 1).await.id);
    }
    expected.reverse();

    let (mut seen, mut next) = (Vec::new(), Some(format!("/orders/orders/{user}?limit=4")));
    while let Some(path) = next {
        let answer = shop.get(&path).send().await.expect(200);
        let page: Vec<Order> = answer.json();
        assert!(page.len() == 4 || link_to_next(&answer).is_none(), "{answer}");
        seen.extend(page.iter().map(|order| order.id));
        next = link_to_next(&answer);
        shop.order(user, 1).await;
    }
    assert_eq!(seen, expected);
}

/// Goal: the same for the ledger, whose newest entry comes first and agrees with the balance. Method: 9 deposits and 8
/// orders, pages of 5, and one page that holds exactly everything and so leads nowhere.
#[tokio::test]
async fn pages_of_the_ledger_show_each_entry_once_newest_first() {
    let outside = outside().await;
    let shop = &outside.shop;
    let Account { user_id, bill_id, .. } = shop.customer(1_000).await;
    let mut orders = HashSet::new();
    for _ in 0..8 {
        shop.deposit(bill_id, 10).await;
        orders.insert(pay(shop, user_id, 7).await);
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut next = Some(format!("/payments/transactions/{bill_id}?limit=5"));
    while let Some(path) = next {
        let answer = shop.get(&path).send().await.expect(200);
        entries.extend(answer.json::<Vec<Entry>>());
        next = link_to_next(&answer);
    }
    assert_eq!(entries.len(), 17);
    assert_eq!(entries[0].balance_after, shop.balance(bill_id).await);
    let debited: HashSet<Uuid> = entries.iter().filter_map(|entry| entry.order_id).collect();
    assert_eq!(debited, orders);
    for [newer, older] in entries.array_windows() {
        let change = if newer.kind == "CREDIT" { newer.amount } else { -newer.amount };
        assert_eq!(newer.balance_after, older.balance_after + change, "{entries:#?}");
    }

    let whole = shop.get(&format!("/payments/transactions/{bill_id}?limit=17")).send().await.expect(200);
    assert_eq!(whole.json::<Vec<Entry>>(), entries);
    assert_eq!(link_to_next(&whole), None);
}

/// Goal: a balance has an upper limit, beyond which a deposit is refused whole. Method: deposit the largest amount until
/// the limit of 10^15 kopecks is passed.
#[tokio::test]
async fn deposit_beyond_the_limit_of_a_balance_is_refused() {
    let outside = outside().await;
    let shop = &outside.shop;
    let largest = 1_000_000_000_000;
    let bill = shop.customer(1).await.bill_id;
    let deposits = (0..999).map(|_| shop.depositing(bill, largest));
    for deposit in deposits {
        deposit.send().await.expect(200);
    }
    shop.depositing(bill, largest).send().await.problem(422, "balance_limit_exceeded");
    assert_eq!(shop.balance(bill).await, 999 * largest + 1);
    assert_eq!(shop.deposit(bill, largest - 1).await.balance, 1000 * largest);
}

/// Goal: HEAD is answered as GET is, without the body. Method: every route that is read, with an id that exists and with one
/// that does not.
#[tokio::test]
async fn head_is_answered_as_get_without_the_body() {
    let outside = outside().await;
    let shop = &outside.shop;
    let Account { user_id, bill_id, .. } = shop.customer(10_000).await;
    let order = pay(shop, user_id, 10).await;
    let nobody = Uuid::new_v4();
    for path in [
        format!("/orders/status/{order}"),
        format!("/orders/status/{nobody}"),
        format!("/orders/orders/{user_id}"),
        format!("/payments/balance/{bill_id}"),
        format!("/payments/account/{nobody}"),
        format!("/payments/account/{user_id}"),
        format!("/payments/transactions/{bill_id}"),
    ] {
        let get = shop.get(&path).send().await;
        let head = shop.request(Method::HEAD, &path).send().await.expect(get.status());
        assert_eq!(head.text(), "");
        for header in ["Content-Type", "Content-Length"] {
            assert!(
                get.header(header).is_some() && head.header(header) == get.header(header),
                "{get} {head}"
            );
        }
    }
}

fn entry(kind: &str, amount: i64, order_id: Option<Uuid>, balance_after: i64) -> Entry {
    Entry { kind: kind.into(), amount, order_id, balance_after }
}

async fn pay(shop: &Shop, user: Uuid, amount: i64) -> Uuid {
    let order = shop.order(user, amount).await.id;
    assert_eq!(shop.until_final(order).await.status, "FINISHED");
    order
}

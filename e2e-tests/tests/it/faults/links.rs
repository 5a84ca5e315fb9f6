//! Lines between a service and its servers that break, fall silent or lose an answer.

use e2e_tests::{Order, until};
use stack::{Direction, Link, SystemOptions};

use crate::support::{Own, fresh_key, never_sweeping, own};

/// Bytes that pass before a line is cut: few, so that it is within one exchange or the next.
const LONGEST_CUT: u64 = 3_000;

async fn linked(options: SystemOptions) -> Option<Own> {
    own(SystemOptions { has_links: true, ..options }).await
}

/// Goal: a database behind a black hole costs its clients a refusal in time, and nobody an order. Method: clients that
/// never give up go on while each service's line in turn swallows everything; each single request is refused in good form.
#[tokio::test]
async fn posts_into_a_black_hole_are_refused_and_nothing_accepted_is_lost() {
    let Some(system) = linked(never_sweeping()).await else { return };
    let account = system.shop.customer(1_000).await;
    let load = system.load().await;
    for part in [system.orders(0), system.payments(0)] {
        let link = &system.links(part).database;
        link.stall();
        for _ in 0..5 {
            let request = match part.name() {
                "orders-0" => system.shop.ordering(account.user_id, 1, "now or never"),
                _ => system.shop.depositing(account.bill_id, 1),
            };
            let answer = request.send().await;
            answer.problem(503, "database_unavailable");
            assert_eq!(answer.header("Retry-After"), Some("1"), "{answer}");
        }
        link.pass();
        load.advances(50).await;
    }
    let book = load.stop().await;
    system.audit.accounts_for(&book).await;
}

/// Goal: an order whose COMMIT is done and never answered is one order, and its key finds it. Method: let only what goes to
/// the database pass until the order is seen there by somebody else; break the line; repeat the request.
#[tokio::test]
async fn order_whose_commit_is_never_answered_is_found_by_its_key() {
    let Some(system) = linked(SystemOptions::default()).await else { return };
    let shop = &system.shop;
    let account = shop.customer(1_000).await;
    // The connection that writes orders is open, and its statement prepared.
    shop.until_final(shop.order(account.user_id, 1).await.id).await;
    let database = system.orders_database().await;
    let key = fresh_key();
    let count = format!("SELECT count(*) FROM orders WHERE idempotency_key = '{key}'");
    let ordering = || shop.ordering(account.user_id, 10, "once").key(&key);

    let link = &system.links(system.orders(0)).database;
    link.one_way(Direction::ToServer);
    let break_line = async {
        until("the order is committed", async || match database.number(&count).await {
            0 => Err("it is not there".into()),
            _ => Ok(()),
        })
        .await;
        link.reset();
        link.pass();
    };
    let (answer, ()) = tokio::join!(ordering().send(), break_line);
    answer.problem(503, "database_unavailable");

    let replayed = until("the key is answered", async || match ordering().send().await {
        answer if answer.status() == 503 => Err(answer.to_string()),
        answer => Ok(answer.expect(201)),
    })
    .await;
    assert!(replayed.is_replayed(), "{replayed}");
    assert_eq!(shop.until_final(replayed.json::<Order>().id).await.status, "FINISHED");
    assert_eq!(database.number(&count).await, 1);
    assert_eq!(shop.balance(account.bill_id).await, 989);
    system.audit.passes().await;
}

/// Goal: a line may break between any two bytes, of a question or of an answer. Method: under load, cut each line in either
/// direction again and again, after however many bytes; the sweep is off, so that nothing heals what is lost.
#[tokio::test]
async fn lines_cut_at_any_byte_lose_and_double_nothing() {
    let Some(system) = linked(never_sweeping()).await else { return };
    let load = system.load().await;
    let links = [system.orders(0), system.payments(0)].map(|part| system.links(part));
    for direction in [Direction::ToServer, Direction::ToClient] {
        for link in links.iter().flat_map(|links| [&links.database, &links.broker]) {
            for _ in 0..3 {
                cut(link, direction).await;
                load.advances(10).await;
            }
        }
    }
    let book = load.stop().await;
    system.audit.accounts_for(&book).await;
}

/// Cuts a line, and waits until that has happened.
async fn cut(link: &Link, direction: Direction) {
    let cuts = link.cuts();
    link.cut_after(direction, fastrand::u64(..LONGEST_CUT));
    until(
        "the line is cut",
        async || {
            if link.cuts() == cuts { Err("too little passes".into()) } else { Ok(()) }
        },
    )
    .await;
}

//! The examples do what they show.

use std::process::{Output, Stdio};
use std::time::Duration;

use e2e_tests::door::{Door, Mishap};
use e2e_tests::{Account, Order, PATIENCE, events, toolbox};
use futures_util::future::join_all;
use serde_json::{Value, json};
use stack::{SystemOptions, workspace};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::{outside, own};

/// Longer than any client would wait by itself after its first attempt.
const RETRY_AFTER: Duration = Duration::from_secs(2);
const OVERLOADED: Mishap = Mishap::Answered("503 Service Unavailable\r\nRetry-After: 2", "");
const STILL_OVERLOADED: Mishap = Mishap::Answered("503 Service Unavailable\r\nRetry-After: 1", "");
const REFUSED: Mishap = Mishap::Answered(
    "422 Unprocessable Content\r\nContent-Type: application/problem+json",
    r#"{"type":"urn:gozon:problem:x","title":"No","status":422,"code":"bad_mood","detail":"not today"}"#,
);

const DEPOSIT: &str = "POST /payments/add";
const POSTS: [&str; 3] = ["POST /payments/create", DEPOSIT, "POST /orders/create"];

/// How often a client may try, in the end.
const ATTEMPTS: usize = 6;

fn curl() -> Command {
    example("examples/curl", "./main.sh")
}

async fn typescript(script: &str) -> Command {
    toolbox::node("examples/typescript").await;
    let mut command = example("examples/typescript", "node");
    // As `tsx` does, which would be a process more, and one that outlives it when it is killed.
    command.args(["--import", "tsx", script]);
    command
}

async fn python(script: &str) -> Command {
    let programs = toolbox::python("examples/python").await;
    let mut command = example("examples/python", programs.join("python"));
    // Nothing is left in the folder.
    command.args(["-B", script]);
    command
}

fn example(folder: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace::root().join(folder)).stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn clients() -> [Command; 3] {
    [curl(), typescript("main.ts").await, python("main.py").await]
}

#[tokio::test]
async fn curl_client_does_everything_once() {
    does_everything_once(curl()).await;
}

#[tokio::test]
async fn typescript_client_does_everything_once() {
    does_everything_once(typescript("main.ts").await).await;
}

#[tokio::test]
async fn python_client_does_everything_once() {
    does_everything_once(python("main.py").await).await;
}

/// Goal: a client that loses answers and is sent away opens one account, pays in once and places each order once. Method:
/// the first answer to each kind of request is lost after the request was served, and the first repetition of each POST
/// is refused for a while.
async fn does_everything_once(client: Command) {
    let outside = outside().await;
    let shop = &outside.shop;
    let plan = |kind: &str, nth| match nth {
        0 => Some(Mishap::AnswerLost),
        1 => POSTS.contains(&kind).then_some(OVERLOADED),
        _ => None,
    };
    let door = Door::open(shop.base(), plan).await;
    let output = run(client, &door).await;
    assert!(output.status.success(), "{output:#?}");

    let said = String::from_utf8(output.stdout).unwrap();
    let user: Uuid =
        said.lines().next().and_then(|line| line.strip_prefix("user ")?.parse().ok()).expect(&said);
    let account: Account = shop.get(&format!("/payments/account/{user}")).send().await.expect(200).json();
    let orders = shop.orders_of(user).await;
    let [piano, coffee] = &orders[..] else { panic!("two orders are not {orders:#?}\n{said}") };
    let entries = shop.ledger(account.bill_id).await;
    let entries: Vec<_> =
        entries.iter().map(|entry| (entry.kind.as_str(), entry.amount, entry.order_id)).collect();
    assert_eq!(entries, [("DEBIT", 12_345, Some(coffee.id)), ("CREDIT", 50_000, None)]);
    let told = format!(
        "user {user}\naccount {}\ndeposited 500.00: the balance is 500.00\n\
         order {}, Coffee beans, 1 kg for 123.45: FINISHED\n\
         order {}, Grand piano for 50000.00: CANCELLED INSUFFICIENT_FUNDS\nthe balance is 376.55\n",
        account.bill_id, coffee.id, piano.id
    );
    assert_eq!(said, told);

    for kind in POSTS {
        let knocks = door.knocks(kind);
        let keys: Vec<_> = knocks.iter().map(|knock| knock.key.as_deref().expect("a key")).collect();
        assert!(keys[0] == keys[1] && keys[1] == keys[2], "{kind} came with the keys {keys:?}");
        assert!(keys[3..].iter().all(|key| *key != keys[0]), "{kind} came with the keys {keys:?}");
        let waited = knocks[2].at - knocks[1].at;
        assert!(waited >= RETRY_AFTER, "{kind} came again after {waited:?}");
    }
}

/// Goal: what is refused is not sent again, and the user is told why. Method: a problem.
#[tokio::test]
async fn clients_do_not_repeat_what_is_refused() {
    let (clients, outside) = (clients().await, outside().await);
    let refused = async |client| {
        let door = Door::open(outside.shop.base(), |kind, _| (kind == DEPOSIT).then_some(REFUSED)).await;
        let output = run(client, &door).await;
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && complaint.contains("422 bad_mood: not today"), "{output:#?}");
        assert_eq!(door.knocks(DEPOSIT).len(), 1, "{output:#?}");
    };
    join_all(clients.map(refused)).await;
}

/// Goal: a client does not go on for ever. Method: its deposit is refused for a while again and again.
#[tokio::test]
async fn clients_give_up_in_the_end() {
    let (clients, outside) = (clients().await, outside().await);
    let sent_away = async |client| {
        let door =
            Door::open(outside.shop.base(), |kind, _| (kind == DEPOSIT).then_some(STILL_OVERLOADED)).await;
        let output = run(client, &door).await;
        assert!(!output.status.success(), "{output:#?}");
        let knocks = door.knocks(DEPOSIT);
        assert_eq!(knocks.len(), ATTEMPTS, "{output:#?}");
        assert!(knocks.iter().all(|knock| knock.key == knocks[0].key), "{knocks:#?}");
    };
    join_all(clients.map(sent_away)).await;
}

#[tokio::test]
async fn typescript_consumer_prints_each_event_once() {
    prints_each_event_once(typescript("events.ts").await).await;
}

#[tokio::test]
async fn python_consumer_prints_each_event_once() {
    prints_each_event_once(python("events.py").await).await;
}

/// Goal: a consumer tells of everything that happens, once. Method: an order that is paid and one that is refused; a result
/// comes again; a last order comes after it, so that it has been seen when that is paid.
async fn prints_each_event_once(mut consumer: Command) {
    let Some(system) = own(SystemOptions::default()).await else { return };
    let shop = &system.shop;
    let mut consumer = consumer
        .env("AMQP_URL", &system.addresses().amqp)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it is installed");
    let mut said = BufReader::new(consumer.stdout.take().expect("a pipe")).lines();
    let mut next =
        async || timeout(PATIENCE, said.next_line()).await.expect("a line").unwrap().expect("it goes on");
    assert_eq!(next().await, "ready");

    let user = shop.customer(1_000).await.user_id;
    let paid = shop.order(user, 300).await;
    let refused = shop.order(user, 5_000).await;
    for order in [&paid, &refused] {
        shop.until_final(order.id).await;
    }
    system.broker.publish(events::RESULTS_KEY, &json!([events::payment_succeeded(&paid)]).to_string()).await;
    let last = shop.order(user, 1).await;

    let mut told = Vec::new();
    while told.last() != Some(&line("PaymentSucceeded", &events::payment_succeeded(&last))) {
        let said = next().await;
        let (kind, data) = said.split_once(' ').expect("a type and data");
        told.push((kind.to_owned(), serde_json::from_str::<Value>(data).expect("JSON")));
    }
    let mut expected = vec![
        line("PaymentSucceeded", &events::payment_succeeded(&paid)),
        line("PaymentFailed", &events::payment_failed(&refused, "INSUFFICIENT_FUNDS")),
        line("PaymentSucceeded", &events::payment_succeeded(&last)),
    ];
    expected.extend(
        [&paid, &refused, &last].map(|order: &Order| line("OrderCreated", &events::order_created(order))),
    );
    let sort = |lines: &mut Vec<(String, Value)>| lines.sort_by_key(|(kind, data)| format!("{kind} {data}"));
    sort(&mut told);
    sort(&mut expected);
    assert_eq!(told, expected);
    consumer.kill().await.unwrap();
    system.audit.passes().await;
}

fn line(kind: &str, event: &Value) -> (String, Value) {
    (kind.to_owned(), event["data"].clone())
}

async fn run(mut client: Command, door: &Door) -> Output {
    timeout(PATIENCE, client.env("GOZON_URL", door.base()).output())
        .await
        .expect("it ends")
        .expect("it is installed")
}

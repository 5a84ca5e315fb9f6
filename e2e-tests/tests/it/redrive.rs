//! Dead letters in an operator's hands: `cargo stack dead-letters`, the program itself.

use e2e_tests::events::{RESULTS, RESULTS_KEY, batch, payment_failed};
use e2e_tests::{Account, dead, until};
use serde_json::Value;
use stack::{free_port, workspace};
use tokio::process::Command;

use crate::support::{Own, never_sweeping, own};

/// What a run of the program left behind.
struct Run {
    succeeded: bool,
    printed: String,
    /// On the standard error stream.
    complained: String,
}

/// Goal: a result that was refused is not lost: it settles its order when that can be, once, and not before. Method: a
/// database of orders restored without its newest order, to which the result then comes; a redrive before the order is
/// back is refused again, one after it settles it; a forged result beside it stays refused.
#[tokio::test]
async fn refused_result_settles_its_order_when_it_is_redriven_in_time() {
    let Some(system) = own(never_sweeping()).await else { return };
    let shop = &system.shop;
    let Account { user_id, bill_id, .. } = shop.customer(1_000).await;
    let other = shop.until_final(shop.order(user_id, 1).await.id).await;
    system.payments(0).terminate().await.unwrap();
    let order = shop.order(user_id, 300).await;
    let orders = system.orders_database().await;
    let lose = format!(
        "CREATE TABLE backup AS SELECT * FROM orders WHERE id = '{0}'; DELETE FROM orders WHERE id = '{0}'",
        order.id
    );
    orders.execute(&lose).await.unwrap();
    system.payments(0).start().await.unwrap();
    let unknown = until_listed(&system, "unknown-order").await;
    assert_eq!(unknown["queue"], RESULTS);
    assert_eq!(unknown["event_type"], "PaymentSucceeded");
    assert_eq!(unknown["event"]["data"]["order_id"], order.id.to_string());
    let forged = payment_failed(&other, "INSUFFICIENT_FUNDS");
    system.broker.publish(RESULTS_KEY, &batch(std::slice::from_ref(&forged))).await;
    let contradicting = until_listed(&system, "contradicting-result").await;
    assert_eq!(contradicting["event_id"], forged["id"]);

    let event_id = unknown["event_id"].as_str().unwrap();
    let table = dead_letters(&system, &["list"]).await.printed;
    let line = table.lines().find(|line| line.contains(event_id)).unwrap_or_else(|| panic!("{table}"));
    for fact in ["unknown-order", RESULTS, "PaymentSucceeded", "there is no such order"] {
        assert!(line.contains(fact), "{fact} is not in {line}");
    }
    let whole = dead_letters(&system, &["show", event_id]).await.printed;
    assert!(whole.contains(&order.id.to_string()) && whole.contains("unknown-order"), "{whole}");
    let rehearsal =
        dead_letters(&system, &["redrive", "--reason", "unknown-order", "--dry-run"]).await.printed;
    assert!(rehearsal.contains(event_id) && rehearsal.contains("Would be redriven: 1 of 2."), "{rehearsal}");
    assert_eq!(listed(&system).await, [unknown.clone(), contradicting.clone()]);

    let redriven = dead_letters(&system, &["redrive"]).await.printed;
    assert!(redriven.contains(event_id) && redriven.contains("Redriven: 2."), "{redriven}");
    until("both are refused again", async || {
        let letters = listed(&system).await;
        let are_new = letters.iter().all(|letter| *letter != unknown && *letter != contradicting);
        if letters.len() == 2 && are_new { Ok(()) } else { Err(format!("there are {letters:?}")) }
    })
    .await;

    orders.execute("INSERT INTO orders SELECT * FROM backup; DROP TABLE backup").await.unwrap();
    let redriven = dead_letters(&system, &["redrive", event_id]).await.printed;
    assert!(redriven.contains("Redriven: 1."), "{redriven}");
    assert_eq!(shop.until_final(order.id).await.status, "FINISHED");
    assert_eq!(shop.balance(bill_id).await, 1_000 - 301);
    assert_eq!(shop.status(other.id).await, other);
    let left = listed(&system).await;
    assert!(left.len() == 1 && left[0]["code"] == "contradicting-result", "{left:?}");
    system.broker.purge(&dead(RESULTS)).await;
    system.audit.passes().await;
}

/// Goal: an operator learns why nothing could be done, and a script by the exit code. Method: no system, no broker, a wrong
/// password, no queue, no letter.
#[tokio::test]
async fn what_cannot_be_done_with_dead_letters_is_said() {
    let Some(system) = own(never_sweeping()).await else { return };
    let amqp = &system.addresses().amqp;
    let nowhere = format!("amqp://user:password@127.0.0.1:{}/gozon", free_port().unwrap());
    let stranger = amqp.replace("user:password", "user:guess");
    let list_at = |amqp: &str| ["--amqp", amqp, "list"].map(str::to_owned).to_vec();
    let redrive = ["--amqp", amqp, "--queue", "no.such", "redrive"].map(str::to_owned).to_vec();
    let show = ["--amqp", amqp, "show", "0123456789"].map(str::to_owned).to_vec();
    let cases = [
        (vec!["list".to_owned()], "nothing runs"),
        (list_at(&nowhere), "refused"),
        (list_at(&stranger), "ACCESS_REFUSED"),
        (list_at("http://here"), "AMQP address"),
        (redrive, "no queue no.such.dead"),
        (show, "no dead letter 0123456789"),
    ];
    for (arguments, complaint) in cases {
        let run = run(&arguments).await;
        assert!(!run.succeeded && run.complained.contains(complaint), "{arguments:?}: {}", run.complained);
        assert!(
            !run.complained.contains("password") && !run.complained.contains("guess"),
            "{}",
            run.complained
        );
    }
    let none = dead_letters(&system, &["list"]).await.printed;
    assert!(none.contains("no dead letters"), "{none}");
}

/// Runs the program on this system; it succeeds.
async fn dead_letters(system: &Own, arguments: &[&str]) -> Run {
    let at = ["--amqp", &system.addresses().amqp];
    let arguments: Vec<String> = at.iter().chain(arguments).map(|text| (*text).to_owned()).collect();
    let run = run(&arguments).await;
    assert!(run.succeeded, "{arguments:?}: {}", run.complained);
    run
}

async fn run(arguments: &[String]) -> Run {
    let program = workspace::binary("stack").unwrap();
    // A folder in which nothing runs.
    let folder = std::env::temp_dir().join("gozon-no-system");
    let mut command = Command::new(program);
    let output =
        command.arg("dead-letters").arg("--folder").arg(folder).args(arguments).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { succeeded: output.status.success(), printed: text(output.stdout), complained: text(output.stderr) }
}

async fn listed(system: &Own) -> Vec<Value> {
    let run = dead_letters(system, &["list", "--json"]).await;
    serde_json::from_str(&run.printed).unwrap_or_else(|error| panic!("{error}: {}", run.printed))
}

async fn until_listed(system: &Own, code: &str) -> Value {
    until(format!("a letter {code} is listed"), async || {
        let letters = listed(system).await;
        letters.iter().find(|letter| letter["code"] == code).cloned().ok_or(format!("there are {letters:?}"))
    })
    .await
}

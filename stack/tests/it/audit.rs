//! `cargo stack audit` as cron meets it.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use stack::{Servers, ServersOptions, System, SystemOptions, free_port};

use crate::support::{fresh_folder, query};

/// Goal: the exit code tells a clean system, a violated one, and one that could not be checked, and the output says which
/// violation or what to do. Method: a system of its own whose balance somebody raises, and a port where nothing is.
#[tokio::test]
async fn exit_code_is_the_verdict() {
    let servers = Arc::new(Servers::start(ServersOptions::default()).await.unwrap());
    let system = System::start(&servers, SystemOptions::default()).await.unwrap();
    let folder = fresh_folder();
    let audit = |payments: &str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stack"));
        command.arg("--folder").arg(&folder).arg("audit").args(more);
        command.args(["--orders-database", &system.addresses().orders_database]);
        let output = command.args(["--payments-database", payments, "--state"]).arg(folder.join("state"));
        let output = output.output().unwrap();
        let [printed, told] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.code().unwrap(), printed, told)
    };

    let payments = &system.addresses().payments_database;
    let (code, printed, told) = audit(payments, &[]);
    assert_eq!((code, printed.starts_with("clean: 0 findings in 0 accounts")), (0, true), "{printed}{told}");

    let id = "01890000-0000-7000-8000-000000000000";
    query(payments, &format!("INSERT INTO accounts (id, user_id, balance) VALUES ('{id}', '{id}', 5)"))
        .await
        .unwrap();
    // The state of the audit before hides nothing.
    let (code, printed, told) = audit(payments, &[]);
    let expected = format!(
        "balance-ends-ledger {id}: its balance is 5, and its ledger ends with 0\nVIOLATED: 1 findings in 1 accounts"
    );
    assert_eq!((code, printed.starts_with(&expected)), (1, true), "{printed}{told}");
    let (code, printed, _) = audit(payments, &["--json"]);
    let lines: Vec<serde_json::Value> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, &lines[0]["rule"], &lines[0]["id"]), (1, &"balance-ends-ledger".into(), &id.into()));
    assert_eq!((lines.len(), &lines[1]["findings"]), (2, &1.into()));

    let away = format!("postgres://gozon@127.0.0.1:{}/payments", free_port().unwrap());
    let (code, printed, told) = audit(&away, &[]);
    assert_eq!(
        (code, printed.as_str(), told.contains("payments database at 127.0.0.1")),
        (2, "", true),
        "{told}"
    );
    system.stop().await.unwrap();
    fs::remove_dir_all(folder).unwrap();
}

/// Goal: without a system and without addresses one is told what to do.
#[test]
fn without_a_system_it_says_so() {
    let folder = fresh_folder();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stack"));
    let output = command.arg("--folder").arg(&folder).arg("audit").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("cargo stack up") && told.contains("--orders-database"), "{told}");
    fs::remove_dir_all(folder).unwrap();
}

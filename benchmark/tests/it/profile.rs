//! Profiles.

use std::process::{Command, Stdio};

use crate::support::{Folder, benchmark, check_xml, succeed};

/// Goal: who lacks perf learns which package has it, before anything is started. Method: a PATH without any program.
#[test]
fn without_perf_it_says_what_to_install() {
    let folder = Folder::new("no-perf");
    let output =
        benchmark().args(["profile", "--out"]).arg(folder.path()).env("PATH", folder.path()).output();
    let output = output.expect("the benchmark starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("linux-perf"), "{said}");
    assert!(!said.contains("starting"), "{said}");
}

/// Goal: a profile tells the parts of the system apart. Method: a short run, on machines that have perf and let us use it.
#[test]
fn a_profile_shows_services_and_databases() {
    let may_record = Command::new("perf")
        .args(["record", "--all-cpus", "--event", "cpu-clock", "--output", "/dev/null", "--", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !may_record.is_ok_and(|status| status.success()) {
        return;
    }
    let folder = Folder::new("profile");
    succeed(
        benchmark()
            .args(["profile", "--seconds", "1", "--warmup-seconds", "1", "--accounts", "10", "--out"])
            .arg(folder.path()),
    );
    let stacks = folder.read("stacks.folded");
    for group in
        ["orders-service;", "payments-service;", "orders database;", "payments database;", "RabbitMQ;"]
    {
        assert!(stacks.lines().any(|line| line.starts_with(group)), "{group} is missing in\n{stacks}");
    }
    assert!(stacks.contains("PostgresMain"), "functions have no names:\n{stacks}");
    check_xml(&folder.read("flame.svg"));
}

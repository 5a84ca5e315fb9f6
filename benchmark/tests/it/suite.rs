//! The suite.

use std::fs;

use benchmark::Scenario;
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::support::{Folder, benchmark, check_xml, succeed};

const BEFORE: &str = "# Speed\n\nIn someone's words.\n\n<!-- figures: begin -->";
const AFTER: &str = "<!-- figures: end -->\n\nIn someone's words, too.\n";
const PLOTS: [&str; 6] = ["throughput", "latency", "load", "cpu", "claims", "stored"];

/// Goal: every scenario runs to its end with exact money, and the documentation tells of it, whatever the speed. Method:
/// the program itself, with tiny sizes, and what it writes.
#[test]
fn a_small_suite_measures_every_scenario_and_writes_the_documentation() {
    let folder = Folder::new("suite");
    let page = format!("{BEFORE}\nearlier figures\n{AFTER}");
    fs::write(folder.path().join("PERFORMANCE.md"), page).expect("a file can be written");
    let text = succeed(
        benchmark()
            .args(["suite", "--seconds", "1", "--yardstick-seconds", "1", "--scale", "0.005", "--docs"])
            .arg(folder.path()),
    );

    let figures: Value = serde_json::from_str(&folder.read("performance/figures.json")).expect("it is JSON");
    let outcomes = figures["rounds"][0].as_array().expect("there is a round");
    let names: Vec<&str> = outcomes.iter().filter_map(|outcome| outcome["scenario"].as_str()).collect();
    let all: Vec<String> = Scenario::value_variants().iter().map(Scenario::to_string).collect();
    assert_eq!(names, all);
    outcomes.iter().for_each(check_outcome);

    let page = folder.read("PERFORMANCE.md");
    let generated = page.strip_prefix(BEFORE).and_then(|rest| rest.strip_suffix(AFTER));
    let generated = generated.unwrap_or_else(|| panic!("text outside of the markers was changed:\n{page}"));
    assert!(generated.contains(&text), "{text}\nis not in\n{page}");
    assert!(!generated.contains("earlier figures") && !generated.contains("void"), "{page}");
    for plot in PLOTS {
        assert!(generated.contains(&format!("(performance/{plot}.svg)")), "{plot} is not shown:\n{page}");
        check_xml(&folder.read(&format!("performance/{plot}.svg")));
    }
}

fn check_outcome(outcome: &Value) {
    let (scenario, report) = (&outcome["scenario"], &outcome["report"]);
    assert_eq!(report["faults"], json!([]), "{scenario}");
    let number = |pointer: &str| {
        let number = report.pointer(pointer).and_then(Value::as_u64);
        number.unwrap_or_else(|| panic!("{scenario} has no {pointer}: {report}"))
    };
    let declined = report["options"]["declined"] == json!(true);
    let finished = if declined { 0 } else { number("/audit/stored/orders") };
    assert_eq!(number("/audit/stored/finished"), finished, "{scenario}");
    assert_eq!(number("/audit/stored/paid"), finished, "{scenario}");
    assert_eq!(number("/audit/stored/findings"), 0, "{scenario}");
    assert!(number("/throughput/orders") > 0, "{scenario}");
    let settled = report["series"]["settled_per_second"].as_array().expect("there is a series");
    let settled: u64 = settled.iter().filter_map(Value::as_u64).sum();
    assert!(settled >= number("/throughput/orders"), "{scenario}: {settled} in the series");
    assert!(report["yardstick"]["ratio"].as_f64().is_some_and(|ratio| ratio > 0.0), "{scenario}");
}

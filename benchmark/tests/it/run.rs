//! One run.

use std::fs;

use serde_json::Value;

use crate::support::{benchmark, succeed};

/// Goal: a run ends with a complete report and exact money, whatever the speed. Method: the program itself, with tiny
/// sizes, and what it writes.
#[test]
fn a_short_run_reports_everything_and_money_is_exact() {
    let file = std::env::temp_dir().join(format!("gozon-bench-{}.json", std::process::id()));
    let text = succeed(
        benchmark()
            .args(["--seconds", "2", "--warmup-seconds", "1", "--yardstick-seconds", "1"])
            .args(["--connections", "8", "--accounts", "10", "--json"])
            .arg(&file),
    );
    let json = fs::read(&file).expect("the report is written");
    fs::remove_file(&file).expect("the report can be deleted");
    let report: Value = serde_json::from_slice(&json).expect("the report is JSON");

    assert_eq!(report["faults"], serde_json::json!([]));
    let audit = &report["audit"];
    for other in ["orders", "finished", "paid"] {
        assert_eq!(audit["accepted"], audit["stored"][other], "{audit}");
    }
    for pointer in [
        "/throughput/orders",
        "/throughput/orders_per_second",
        "/throughput/answers_per_second",
        "/yardstick/ratio",
        "/latency/to_created/p50_ms",
        "/latency/to_finished/p99_ms",
        "/answers/201",
        "/memory/orders_service_peak_mib",
        "/memory/payments_service_peak_mib",
        "/cpu/groups/0/per_order_us",
        "/batches/0/mean_items",
        "/machine/cores",
    ] {
        let figure = report.pointer(pointer).and_then(Value::as_f64);
        assert!(figure.is_some_and(|figure| figure > 0.0), "{pointer}: {figure:?}");
    }
    for line in ["Orders to FINISHED", "Ratio", "POST → FINISHED", "CPU per order", "exact"] {
        assert!(text.contains(line), "{line:?} is missing in:\n{text}");
    }
}

//! The report for the terminal.

use std::fmt::Write;

use super::{Report, Verdict};

/// Everything but the picture.
pub(super) fn text(report: &Report) -> String {
    let mut text = String::new();
    write(&mut text, report).expect("a string takes everything");
    text
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    let figures = &report.figures;
    let count = |outcome: &str| figures.operations.get(outcome).copied().unwrap_or_default();
    writeln!(out, "\n{} for {} s, seed {}", report.name, report.seconds, report.seed)?;
    writeln!(
        out,
        "  operations     {} acknowledged, {} refused, {} unknown",
        count("ok"),
        count("refused"),
        count("unknown")
    )?;
    writeln!(
        out,
        "  orders         {} ({} acknowledged): {} finished, {} cancelled",
        figures.orders, figures.orders_acknowledged, figures.finished, figures.cancelled
    )?;
    writeln!(
        out,
        "  cancellations  {} before payment, {} paid back, {} too late",
        figures.cancelled_by_user, figures.refunded, figures.cancellations_refused
    )?;
    writeln!(out, "  deliveries     {} shipped, {} of them delivered", figures.shipped, figures.delivered)?;
    writeln!(out, "  deposits       {}, accounts {}", figures.deposits, figures.accounts)?;
    writeln!(
        out,
        "  messages       {} events repeated, {} poisonous messages, {} dead letters",
        report.repeated_events, report.poison, report.dead_letters
    )?;
    let counter = |name: &str| report.counters.get(name).copied().unwrap_or_default();
    writeln!(
        out,
        "  absorbed       {} duplicates, {} redelivered messages",
        counter("messaging_duplicates_total"),
        counter("messaging_redelivered_total")
    )?;
    writeln!(out, "  snapshots      {}", report.snapshots)?;
    if let Some(ms) = report.final_after_ms {
        writeln!(out, "  all final      {:.1} s after healing", ms as f64 / 1000.0)?;
    }
    writeln!(out, "\n  fault              times  took effect")?;
    for (kind, (times, effective)) in report.faults_by_kind() {
        writeln!(out, "  {kind:<18} {times:>5}  {effective:>11}")?;
    }
    if !report.crash_points.is_empty() {
        writeln!(out, "\n  crash point                    hits")?;
        for point in &report.crash_points {
            let name = format!("{} {}", point.service, point.point);
            writeln!(out, "  {name:<30} {:>4}", point.hits)?;
        }
    }
    writeln!(out, "\n  time to final, ms    orders       p50       p99       max")?;
    for time in &figures.times {
        let (p50, p99) = (time.p50_ms, time.p99_ms);
        writeln!(out, "  {:<18} {:>8} {p50:>9.0} {p99:>9.0} {:>9}", time.during, time.orders, time.max_ms)?;
    }
    writeln!(out)?;
    for check in &report.checks {
        let mark = if check.count == 0 { "holds " } else { "BROKEN" };
        writeln!(out, "  {mark} {}", check.rule)?;
        for finding in check.findings.iter().take(10) {
            writeln!(out, "           {finding}")?;
        }
        if check.count > 10 {
            writeln!(out, "           … {} in all", check.count)?;
        }
    }
    for reason in &report.void {
        writeln!(out, "  too tame: {reason}")?;
    }
    let verdict = match report.verdict() {
        Verdict::Clean => "Everything held.",
        Verdict::Violated => "A promise is broken.",
        Verdict::Void => "Everything held, but the run is void: too little was tried.",
    };
    writeln!(out, "\n{verdict}")
}

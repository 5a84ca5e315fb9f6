//! The report as one page that needs nothing else.

use super::picture::{escaped, picture};
use super::{Report, Verdict};

const STYLE: &str = include_str!("page.css");

/// The page.
pub(super) fn page(report: &Report) -> String {
    let (class, word) = match report.verdict() {
        Verdict::Clean => ("clean", "everything held"),
        Verdict::Violated => ("violated", "a promise is broken"),
        Verdict::Void => ("void", "void: too little was tried"),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Faults, seed {seed}</title><style>{STYLE}</style></head><body><main>\
         <h1>Gozon under faults <span class=\"verdict {class}\">{word}</span></h1>\
         <p>{name}, {seconds} s of faults, {replicas} replicas of each service. Repeat it: <code>{command}</code></p>\
         <section class=\"tiles\">{tiles}</section>\
         <section>{picture}</section>\
         <section><h2>What must hold</h2>{checks}</section>\
         <div class=\"columns\">{tables}</div>\
         </main></body></html>\n",
        seed = report.seed,
        name = escaped(&report.name),
        seconds = report.seconds,
        replicas = report.replicas,
        command = escaped(&report.command),
        tiles = tiles(report),
        picture = picture(report),
        checks = checks(report),
        tables = tables(report),
    )
}

fn tiles(report: &Report) -> String {
    let figures = &report.figures;
    let outcome = |name: &str| figures.operations.get(name).copied().unwrap_or_default().to_string();
    let counter = |name: &str| report.counters.get(name).copied().unwrap_or_default().to_string();
    let final_after =
        report.final_after_ms.map_or("late".into(), |ms| format!("{:.1} s", ms as f64 / 1000.0));
    let tiles = [
        (outcome("ok"), "operations acknowledged"),
        (outcome("unknown"), "whose client never knew"),
        (outcome("refused"), "refused, rightly"),
        (figures.orders.to_string(), "orders"),
        (figures.finished.to_string(), "finished"),
        (figures.cancelled.to_string(), "cancelled"),
        (figures.cancelled_by_user.to_string(), "of these by their users, in time"),
        (figures.refunded.to_string(), "paid back"),
        (figures.shipped.to_string(), "shipped"),
        (figures.delivered.to_string(), "delivered"),
        (report.faults.len().to_string(), "faults"),
        (counter("messaging_redelivered_total"), "messages delivered again"),
        (counter("messaging_duplicates_total"), "duplicates absorbed"),
        (report.poison.to_string(), "poisonous messages"),
        (report.snapshots.to_string(), "snapshots of the money"),
        (final_after, "from healing to all final"),
    ];
    tiles.iter().map(|(value, text)| format!("<div><b>{value}</b><span>{text}</span></div>")).collect()
}

fn checks(report: &Report) -> String {
    let mut items = String::new();
    for check in &report.checks {
        let rule = escaped(check.rule);
        if check.count == 0 {
            items += &format!("<li>{rule}</li>");
        } else {
            let findings = escaped(&check.findings.join("\n"));
            items +=
                &format!("<li class=\"broken\">{rule}: {} findings<pre>{findings}</pre></li>", check.count);
        }
    }
    for reason in &report.void {
        items += &format!("<li class=\"broken\">Too tame: {}</li>", escaped(reason));
    }
    format!("<ul class=\"checks\">{items}</ul>")
}

fn tables(report: &Report) -> String {
    let times = report.figures.times.iter().map(|time| {
        vec![
            time.during.clone(),
            time.orders.to_string(),
            format!("{:.0}", time.p50_ms),
            format!("{:.0}", time.p99_ms),
            time.max_ms.to_string(),
        ]
    });
    let faults = report
        .faults_by_kind()
        .into_iter()
        .map(|(kind, (times, effective))| vec![kind.to_owned(), times.to_string(), effective.to_string()]);
    let crash_points = report
        .crash_points
        .iter()
        .map(|point| vec![format!("{} {}", point.service, point.point), point.hits.to_string()]);
    let counters = report.counters.iter().filter(|(_, count)| **count > 0);
    let counters = counters.map(|(name, count)| vec![name.clone(), count.to_string()]);
    [
        table(
            "Time to final, ms, of orders created meanwhile",
            &["during", "orders", "p50", "p99", "max"],
            times.collect(),
        ),
        table("Faults", &["kind", "times", "took effect"], faults.collect()),
        table("Crash points", &["where", "hits"], crash_points.collect()),
        table("What the services counted, at least", &["counter", "sum"], counters.collect()),
    ]
    .concat()
}

fn table(title: &str, head: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head: String = head.iter().map(|cell| format!("<th>{cell}</th>")).collect();
    let row = |cells: &Vec<String>| {
        cells.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect::<String>()
    };
    let rows: String = rows.iter().map(|cells| format!("<tr>{}</tr>", row(cells))).collect();
    format!("<section><h2>{title}</h2><table><tr>{head}</tr>{rows}</table></section>")
}

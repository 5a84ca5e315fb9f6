//! The tables of PERFORMANCE.md, and where the plots stand between them.

use super::figures::{Figures, Round};
use super::plots::PLOTS;
use super::scenario::Scenario;
use super::spread::{Spread, number};
use super::targets::TARGETS;
use crate::report::Report;
use crate::usage::Group;

/// Groups that share a column of the table of CPU time.
pub(super) const CPU_COLUMNS: [(&str, &[Group]); 9] = [
    ("orders-service", &[Group::OrdersService]),
    ("payments-service", &[Group::PaymentsService]),
    ("orders database", &[Group::OrdersDatabase]),
    ("payments database", &[Group::PaymentsDatabase]),
    ("PostgreSQL's background", &[Group::PostgresBackground]),
    ("RabbitMQ", &[Group::RabbitMq]),
    ("gateway", &[Group::Gateway]),
    ("load generator", &[Group::LoadGenerator, Group::Observation]),
    ("others", &[Group::Others]),
];

/// Everything between the markers.
pub(super) fn markdown(figures: &Figures) -> String {
    let mut parts =
        vec![setting(figures), targets(figures), scenarios(figures), notes(figures), cpu(figures)];
    parts.extend(PLOTS.iter().map(|plot| format!("![{}](performance/{})\n", plot.title, plot.file)));
    parts.join("\n")
}

fn setting(figures: &Figures) -> String {
    let Some(report) = figures.rounds.first().and_then(|round| Some(&round.0.first()?.report)) else {
        return "Nothing was measured.\n".into();
    };
    let machine = &report.machine;
    let postgres = |name| {
        let setting = machine.postgres.iter().find(|(key, _)| key == name);
        setting.map_or("?", |(_, value)| value.as_str())
    };
    format!(
        "Measured on {} by `{}`: {} cores ({}), {} MiB, Linux {}; PostgreSQL {} with `fsync`, `synchronous_commit` and \
         `full_page_writes` on, `shared_buffers` {} and `backend_flush_after` {}; RabbitMQ {} with quorum queues; services \
         and load generator ({} build) on the same machine.\n",
        figures.measured_on,
        figures.settings.command(),
        machine.cores,
        machine.cpu_model,
        machine.memory_mib,
        machine.kernel,
        postgres("server_version"),
        postgres("shared_buffers"),
        postgres("backend_flush_after"),
        machine.rabbitmq_version,
        report.profile,
    )
}

fn targets(figures: &Figures) -> String {
    let mut table = Table::new(&["target", "figure", "must", "moonshot", "reached"]);
    for target in TARGETS {
        let [must, moonshot] = target.limits();
        let (figure, verdict) = match target.spread(figures) {
            Some(spread) => (target.text(&spread), target.verdict(&spread)),
            None => ("not measured".into(), String::new()),
        };
        table.row([target.what.into(), figure, must, moonshot, verdict]);
    }
    format!("### Targets\n\n{}", table.text)
}

fn scenarios(figures: &Figures) -> String {
    let mut table = Table::new(&[
        "scenario",
        "`--only`",
        "orders/s",
        "÷ yardstick",
        "POST → 201, p50 / p99, ms",
        "POST → final, p50 / p99, ms",
        "peak memory, orders / payments, MiB",
    ]);
    for scenario in figures.scenarios() {
        let median = |decimals, figure: fn(&Report) -> f64| median(figures.of(scenario, figure), decimals);
        let both =
            |decimals, first, second| format!("{} / {}", median(decimals, first), median(decimals, second));
        let latency = |first, second| {
            let both = both(1, first, second);
            if scenario.is_closed_loop() { format!("({both})") } else { both }
        };
        let is_compared = scenario.is_closed_loop() || scenario.share().is_some();
        let ratio = figures.spread(|round| round.ratio(scenario)).filter(|_| is_compared);
        table.row([
            title(figures, scenario),
            format!("`{scenario}`"),
            text(figures.of(scenario, |report| report.throughput.orders_per_second), 0),
            text(ratio, 2),
            latency(|report| report.latency.to_created.p50_ms, |report| report.latency.to_created.p99_ms),
            latency(|report| report.latency.to_finished.p50_ms, |report| report.latency.to_finished.p99_ms),
            both(
                0,
                |report| report.memory.orders_service_peak_mib,
                |report| report.memory.payments_service_peak_mib,
            ),
        ]);
    }
    format!("### Scenarios\n\n{}", table.text)
}

/// What some rows would be misread without.
fn notes(figures: &Figures) -> String {
    let mut notes = String::new();
    let overload = |count: fn(&Report) -> u64| {
        figures.of(Scenario::Overload, |report| 100.0 * count(report) as f64 / report.due() as f64)
    };
    if let Some(never_sent) = overload(|report| report.never_sent) {
        let created = text(overload(|report| report.answered(201)), 0);
        let refused = text(overload(|report| report.answered(503)), 0);
        notes += &format!(
            "- *{}*: of the POSTs due {created} % were answered 201 and {refused} % 503; {} % were never sent, because every \
             connection was waiting. POST → 201 counts from when one was due, POST → 503 from the POST.\n",
            Scenario::Overload.title(),
            never_sent.text(0),
        );
    }
    let created = |round: &Round| Some(round.get(Scenario::Backlog)?.backlog.as_ref()?.created_per_second);
    if let Some(created) = figures.spread(created) {
        notes += &format!(
            "- *{}*: orders/s, ratio and CPU count the orders that were written beforehand, too, which only have to be sent \
             and paid. New ones were {} orders/s while these were in the outbox.\n",
            Scenario::Backlog.title(),
            created.text(0),
        );
    }
    notes
}

fn cpu(figures: &Figures) -> String {
    let columns = CPU_COLUMNS.map(|(name, _)| name);
    let mut table = Table::new(&[&["CPU per order, µs"], &columns[..]].concat());
    for scenario in figures.scenarios() {
        let cells = CPU_COLUMNS
            .iter()
            .map(|(_, groups)| median(figures.of(scenario, |report| report.cpu.per_order_us(groups)), 1));
        table.row(std::iter::once(title(figures, scenario)).chain(cells));
    }
    format!("### CPU time\n\n{}", table.text)
}

fn title(figures: &Figures, scenario: Scenario) -> String {
    let void = figures.rounds.iter().filter(|round| round.get(scenario).is_none()).count();
    match void {
        0 => scenario.title().into(),
        _ => format!("{} (**void** in {void} of {} rounds)", scenario.title(), figures.rounds.len()),
    }
}

fn text(spread: Option<Spread>, decimals: usize) -> String {
    spread.map_or_else(|| "–".into(), |spread| spread.text(decimals))
}

fn median(spread: Option<Spread>, decimals: usize) -> String {
    spread.map_or_else(|| "–".into(), |spread| number(spread.median, decimals))
}

/// A table in Markdown.
struct Table {
    text: String,
}

impl Table {
    fn new(columns: &[&str]) -> Self {
        let mut table = Self { text: String::new() };
        table.row(columns.iter().map(|column| (*column).to_owned()));
        table.row(columns.iter().map(|_| "---".to_owned()));
        table
    }

    fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        self.text += &format!("| {} |\n", cells.join(" | "));
    }
}

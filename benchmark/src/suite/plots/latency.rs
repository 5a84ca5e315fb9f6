//! How long orders take at rates that the system can carry.

use super::axis::{Axis, nines};
use super::picture::{Line, Picture, Style};
use crate::report::Quantiles;
use crate::suite::figures::Figures;
use crate::suite::scenario::Scenario;
use crate::suite::spread::number;

const RATES: [Scenario; 6] = [
    Scenario::Quiet,
    Scenario::GatewayQuiet,
    Scenario::Load10,
    Scenario::Load30,
    Scenario::Load50,
    Scenario::Load70,
];

/// One line per rate: quantiles against milliseconds, both logarithmic, so that the tail is seen.
pub(super) fn distributions(figures: &Figures) -> Picture {
    let mut lines = Vec::new();
    for scenario in RATES {
        let Some(report) = figures.latest(scenario) else { continue };
        let rate = report.options.rate.map_or(0.0, f64::from);
        let label = match scenario.share() {
            Some(_) => format!("{} ({} orders/s)", scenario.title(), number(rate, 0)),
            None => scenario.title().to_owned(),
        };
        let points = report.latency.to_finished_curve.iter();
        let points = points.map(|&(quantile, ms)| (nines(quantile), ms.max(1.0).log10())).collect();
        lines.push(Line { label, points, style: Style::Plain });
    }
    Picture {
        x: Axis::quantiles("share of orders that took no longer", largest(&lines, |(x, _)| x)),
        y: Axis::logarithmic("POST → FINISHED, ms", 10_f64.powf(largest(&lines, |(_, y)| y))),
        lines,
        bars: Vec::new(),
    }
}

/// Quantiles against how much of the sustained rate is offered.
pub(super) fn by_load(figures: &Figures) -> Picture {
    let quantiles: [(&str, fn(&Quantiles) -> f64); 3] = [
        ("p50", |latency| latency.p50_ms),
        ("p95", |latency| latency.p95_ms),
        ("p99", |latency| latency.p99_ms),
    ];
    let line = |(label, quantile): (&str, fn(&Quantiles) -> f64)| {
        let point = |scenario: Scenario| {
            let share = scenario.share().filter(|share| *share < 1.0)?;
            let spread = figures.of(scenario, |report| quantile(&report.latency.to_finished))?;
            Some((share * 100.0, spread.median))
        };
        let points = RATES.into_iter().filter_map(point).collect();
        Line { label: label.into(), points, style: Style::Marked }
    };
    let lines: Vec<Line> = quantiles.into_iter().map(line).collect();
    Picture {
        x: Axis::linear("offered rate, % of sustained", 78.0),
        y: Axis::linear("POST → FINISHED, ms", largest(&lines, |(_, y)| y)),
        lines,
        bars: Vec::new(),
    }
}

fn largest(lines: &[Line], coordinate: fn((f64, f64)) -> f64) -> f64 {
    lines.iter().flat_map(|line| &line.points).map(|point| coordinate(*point)).fold(0.0, f64::max)
}

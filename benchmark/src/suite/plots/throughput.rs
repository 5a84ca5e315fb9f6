//! How even the throughput is.

use super::axis::Axis;
use super::picture::{Line, Picture, Style};
use crate::suite::figures::Figures;
use crate::suite::scenario::Scenario;

const SCENARIOS: [Scenario; 4] =
    [Scenario::Sustained, Scenario::StoredMillion, Scenario::StoredTenMillion, Scenario::Backlog];

/// Orders that became final in each whole second.
pub(super) fn by_second(figures: &Figures) -> Picture {
    let mut lines = Vec::new();
    for scenario in SCENARIOS {
        let Some(report) = figures.latest(scenario) else { continue };
        // The last second is not a whole one.
        let whole = report.series.settled_per_second.split_last().map_or(&[][..], |(_, whole)| whole);
        let points = whole.iter().enumerate().map(|(second, orders)| (second as f64 + 0.5, *orders as f64));
        lines.push(Line { label: scenario.title().into(), points: points.collect(), style: Style::Plain });
    }
    let points = || lines.iter().flat_map(|line| &line.points);
    Picture {
        x: Axis::linear("seconds since the window began", points().map(|point| point.0).fold(0.0, f64::max)),
        y: Axis::linear("orders FINISHED per second", points().map(|point| point.1).fold(0.0, f64::max)),
        lines,
        bars: Vec::new(),
    }
}

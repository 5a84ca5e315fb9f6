//! Where an order's CPU time goes.

use super::axis::Axis;
use super::picture::{Bar, Bars, Picture};
use crate::suite::figures::Figures;
use crate::suite::scenario::Scenario;
use crate::suite::tables::CPU_COLUMNS;

/// A bar for each scenario that keeps the machine busy: of an order on an idle machine, most is waiting for it.
pub(super) fn by_scenario(figures: &Figures) -> Picture {
    let mut scenarios: Vec<Scenario> = figures.scenarios().into_iter().filter(|it| is_busy(*it)).collect();
    // The axis goes up, and the first is to be on top.
    scenarios.reverse();
    let mut ends = vec![0.0; scenarios.len()];
    let mut bars = Vec::new();
    for (label, groups) in CPU_COLUMNS {
        let bar = |(index, end): (usize, &mut f64)| {
            let spread = figures.of(scenarios[index], |report| report.cpu.per_order_us(groups));
            let from = *end;
            *end += spread.map_or(0.0, |spread| spread.median);
            Bar { y: index as f64 + 0.5, from, to: *end }
        };
        bars.push(Bars { label: label.into(), bars: ends.iter_mut().enumerate().map(bar).collect() });
    }
    let longest = ends.iter().copied().fold(0.0, f64::max);
    Picture {
        x: Axis::linear("CPU time per order, µs", longest),
        y: Axis::names("", scenarios.iter().map(|scenario| scenario.title().to_owned())),
        lines: Vec::new(),
        bars,
    }
}

fn is_busy(scenario: Scenario) -> bool {
    !matches!(
        scenario,
        Scenario::Quiet
            | Scenario::GatewayQuiet
            | Scenario::Load10
            | Scenario::Load30
            | Scenario::Overload
            | Scenario::Live
    )
}

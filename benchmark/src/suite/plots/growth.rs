//! What becomes of it when there is more in the databases.

use super::axis::Axis;
use super::picture::{Line, Picture, Style};
use crate::suite::figures::Figures;
use crate::suite::scenario::Scenario;
use crate::suite::targets::STORED;

/// The ratio to the yardstick, divided by that of empty databases.
pub(super) fn by_stored_orders(figures: &Figures) -> Picture {
    let stored = [Scenario::Sustained, Scenario::StoredMillion, Scenario::StoredTenMillion];
    let points: Vec<(f64, f64)> = (0..)
        .zip(stored)
        .filter_map(|(index, scenario)| {
            Some((f64::from(index) + 0.5, figures.spread(|round| round.relative(scenario))?.median))
        })
        .collect();
    let limit = |label: &str, limit| {
        let points = vec![(0.0, limit), (3.0, limit)];
        Line { label: format!("{label} (10⁷)"), points, style: Style::Limit }
    };
    let largest = points.iter().map(|point| point.1).fold(1.0, f64::max);
    let lines = vec![
        Line { label: "measured".into(), points, style: Style::Marked },
        limit("moonshot", STORED.moonshot),
        limit("must", STORED.must),
    ];
    Picture {
        x: Axis::names("orders stored beforehand", ["none", "10⁶", "10⁷"].map(str::to_owned).into_iter()),
        y: Axis::linear("rate ÷ that of empty databases", largest),
        lines,
        bars: Vec::new(),
    }
}

/// The mean duration of a claim in each second, until the backlog had left the outbox.
pub(super) fn claims_by_second(figures: &Figures) -> Picture {
    let backlog = figures.latest(Scenario::Backlog).and_then(|report| report.backlog.as_ref());
    let claims = backlog.map_or(&[][..], |backlog| &backlog.claims);
    let points = claims.iter().filter(|second| second.claims > 0);
    let points: Vec<(f64, f64)> = points.map(|second| (second.until_seconds, second.mean_ms)).collect();
    Picture {
        x: Axis::linear(
            "seconds since the window began",
            points.iter().map(|point| point.0).fold(0.0, f64::max),
        ),
        y: Axis::linear(
            "mean duration of a claim, ms",
            points.iter().map(|point| point.1).fold(0.0, f64::max),
        ),
        lines: vec![Line { label: "claims of up to 500 rows".into(), points, style: Style::Plain }],
        bars: Vec::new(),
    }
}

//! Axes: where values lie, and what is written beside them.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::suite::spread::number;

/// An axis from 0 on, always linear: a logarithmic one is linear in the logarithms, which is what its values have to be.
#[derive(Clone)]
pub(super) struct Axis {
    pub(super) title: String,
    end: f64,
    /// Where it is labelled, and with what.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From 0 to somewhat more than `max`.
    pub(super) fn linear(title: &str, max: f64) -> Self {
        let max = if max > 0.0 { max } else { 1.0 };
        let step = nice_step(max / 6.0);
        let steps = (max * 1.02 / step).ceil() as u32;
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let tick = |index| (f64::from(index) * step, number(f64::from(index) * step, decimals));
        Self { title: title.into(), end: f64::from(steps) * step, ticks: (0..=steps).map(tick).collect() }
    }

    /// Decimal logarithms from 1 to somewhat more than `max`.
    pub(super) fn logarithmic(title: &str, max: f64) -> Self {
        let candidates = (0..9).flat_map(|digits| [1.0, 2.0, 5.0].map(|first| first * 10_f64.powi(digits)));
        let mut ticks = Vec::new();
        for value in candidates {
            ticks.push((value.log10(), number(value, 0)));
            if value >= max && value > 1.0 {
                break;
            }
        }
        Self { title: title.into(), end: ticks.last().map_or(1.0, |(end, _)| *end), ticks }
    }

    /// Quantiles by their [`nines`], up to that of which `max` is the nines.
    pub(super) fn quantiles(title: &str, max: f64) -> Self {
        let digits = (max.ceil() as usize).clamp(1, 6);
        let label = |nines: usize| match nines {
            0 => "0 %".into(),
            1 => "90 %".into(),
            2 => "99 %".into(),
            nines => format!("99.{} %", "9".repeat(nines - 2)),
        };
        let mut ticks: Vec<(f64, String)> = (0..=digits).map(|nines| (nines as f64, label(nines))).collect();
        ticks.push((nines(0.5), "50 %".into()));
        Self { title: title.into(), end: digits as f64, ticks }
    }

    /// A name at 0.5, one at 1.5, and so on.
    pub(super) fn names(title: &str, names: impl Iterator<Item = String>) -> Self {
        let ticks: Vec<(f64, String)> =
            names.enumerate().map(|(index, name)| (index as f64 + 0.5, name)).collect();
        Self { title: title.into(), end: ticks.len().max(1) as f64, ticks }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        limit.0 + (value / self.end * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<f64> {
        0.0..self.end
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|(at, _)| at == value);
        tick.map_or_else(String::new, |(_, label)| label.clone())
    }
}

/// How many nines a quantile has: 0.99 has 2, 0.5 has 0.3.
pub(super) fn nines(quantile: f64) -> f64 {
    -(1.0 - quantile).log10()
}

/// 1, 2 or 5 times a power of ten, and at least `least`.
fn nice_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|step| step * power >= least);
    step.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_axis_ends_beyond_its_values_in_round_steps() {
        let axis = Axis::linear("orders/s", 17_100.0);
        let labels: Vec<&str> = axis.ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["0", "5,000", "10,000", "15,000", "20,000"]);
        assert_eq!(Axis::linear("ratio", 1.05).ticks.last().unwrap().1, "1.2");
    }

    #[test]
    fn a_logarithmic_axis_ends_at_the_first_round_value_that_is_large_enough() {
        let axis = Axis::logarithmic("ms", 30.0);
        let labels: Vec<&str> = axis.ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["1", "2", "5", "10", "20", "50"]);
    }
}

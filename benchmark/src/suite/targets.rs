//! What is aimed at: for each figure what it must be, and what would be outstanding.

use super::figures::{Figures, Round};
use super::scenario::Scenario;
use super::spread::{Spread, number};
use crate::report::{Quantiles, Report};

/// A figure with its limits.
pub(super) struct Target {
    pub(super) what: &'static str,
    unit: &'static str,
    decimals: usize,
    better: Better,
    pub(super) must: f64,
    pub(super) moonshot: f64,
    figure: fn(&Round) -> Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    Higher,
    Lower,
}
use Better::{Higher, Lower};

/// All of them. Ratios are to the yardstick around the same window; what is divided by the sustained figure is divided
/// ratio by ratio, since the machine's speed drifts within a round.
pub(super) const TARGETS: &[Target] = &[
    Target {
        what: "orders/s to FINISHED ÷ yardstick, straight to the services",
        figure: |round| round.ratio(Scenario::Sustained),
        ..ratio(0.75, 1.25)
    },
    Target {
        what: "orders/s to FINISHED ÷ yardstick, through the gateway",
        figure: |round| round.ratio(Scenario::Gateway),
        ..ratio(0.6, 1.0)
    },
    Target {
        what: "every order on one account ÷ many accounts",
        figure: |round| round.relative(Scenario::HotAccount),
        ..ratio(1.0, 1.1)
    },
    Target {
        what: "POST → FINISHED at 50 orders/s, p50",
        figure: |round| finished(round, Scenario::Quiet).map(|latency| latency.p50_ms),
        ..milliseconds(6.0, 3.0)
    },
    Target {
        what: "POST → FINISHED at 50 orders/s, p99",
        figure: |round| finished(round, Scenario::Quiet).map(|latency| latency.p99_ms),
        ..milliseconds(20.0, 8.0)
    },
    Target {
        what: "POST → FINISHED at 70 % of the sustained rate, p50",
        figure: |round| finished(round, Scenario::Load70).map(|latency| latency.p50_ms),
        ..milliseconds(25.0, 12.0)
    },
    Target {
        what: "POST → FINISHED at 70 % of the sustained rate, p99",
        figure: |round| finished(round, Scenario::Load70).map(|latency| latency.p99_ms),
        ..milliseconds(80.0, 30.0)
    },
    Target {
        what: "an order is settled → a connected client reads that it is FINISHED, p99",
        figure: |round| Some(round.get(Scenario::Live)?.live.as_ref()?.settled_to_told.p99_ms),
        ..milliseconds(50.0, 20.0)
    },
    Target {
        what: "peak resident memory, orders-service (256 connections)",
        figure: |round| most(round, |report| report.memory.orders_service_peak_mib),
        ..mebibytes(64.0, 32.0)
    },
    Target {
        what: "peak resident memory, payments-service (256 connections)",
        figure: |round| most(round, |report| report.memory.payments_service_peak_mib),
        ..mebibytes(64.0, 24.0)
    },
    Target {
        what: "with 10⁶ events in the outbox: new orders accepted ÷ sustained rate",
        figure: backlog_rate,
        ..ratio(0.8, 0.95)
    },
    Target {
        what: "with 10⁶ events in the outbox: the relay's claims of a batch, slower ÷ faster of first and last",
        better: Lower,
        figure: backlog_claims,
        ..ratio(1.5, 1.1)
    },
    STORED,
    Target {
        what: "3 × the sustained rate due: POST → 503, p99",
        figure: |round| {
            let refused = &round.get(Scenario::Overload)?.latency.to_refused;
            (refused.count > 0).then_some(refused.p99_ms)
        },
        ..milliseconds(1000.0, 100.0)
    },
    Target {
        what: "3 × the sustained rate due: most memory in the window's second half ÷ in its first",
        better: Lower,
        figure: |round| round.get(Scenario::Overload).map(growth),
        ..ratio(1.1, 1.02)
    },
];

/// What is accepted while there is a backlog, by the same measure as the sustained rate.
fn backlog_rate(round: &Round) -> Option<f64> {
    let report = round.get(Scenario::Backlog)?;
    let ratio = report.backlog.as_ref()?.created_per_second / report.yardstick.as_ref()?.mean_per_second;
    Some(ratio / round.ratio(Scenario::Sustained)?)
}

/// The slower claims ÷ the faster, whether the first or the last are.
fn backlog_claims(round: &Round) -> Option<f64> {
    let backlog = round.get(Scenario::Backlog)?.backlog.as_ref()?;
    let ratio = backlog.last_claims_ms / backlog.first_claims_ms;
    Some(ratio.max(ratio.recip()))
}

pub(super) const STORED: Target = Target {
    what: "with 10⁷ orders stored: rate ÷ that of empty databases",
    figure: |round| round.relative(Scenario::StoredTenMillion),
    ..ratio(0.7, 0.9)
};

const fn ratio(must: f64, moonshot: f64) -> Target {
    Target { what: "", unit: "", decimals: 2, better: Higher, must, moonshot, figure: |_| None }
}

const fn milliseconds(must: f64, moonshot: f64) -> Target {
    Target { unit: " ms", decimals: 1, better: Lower, ..ratio(must, moonshot) }
}

const fn mebibytes(must: f64, moonshot: f64) -> Target {
    Target { unit: " MiB", decimals: 0, better: Lower, ..ratio(must, moonshot) }
}

impl Target {
    /// Over all rounds; nothing if it was not measured, or is void.
    pub(super) fn spread(&self, figures: &Figures) -> Option<Spread> {
        figures.spread(self.figure)
    }

    /// A figure with its unit.
    pub(super) fn text(&self, spread: &Spread) -> String {
        spread.text(self.decimals) + self.unit
    }

    /// Both limits, such as `≤ 20 ms`.
    pub(super) fn limits(&self) -> [String; 2] {
        let sign = if self.better == Higher { "≥" } else { "≤" };
        [self.must, self.moonshot].map(|limit| format!("{sign} {limit}{}", self.unit))
    }

    /// What the median reaches, and its share of what it does not.
    pub(super) fn verdict(&self, spread: &Spread) -> String {
        if self.holds(spread.median, self.moonshot) {
            return "moonshot".into();
        }
        let of_moonshot = format!("{} × the moonshot", times(spread.median / self.moonshot));
        if self.holds(spread.median, self.must) {
            return format!("must; {of_moonshot}");
        }
        format!("**missed**: {} × the must, {of_moonshot}", times(spread.median / self.must))
    }

    fn holds(&self, figure: f64, limit: f64) -> bool {
        if self.better == Higher { figure >= limit } else { figure <= limit }
    }
}

/// With as many decimals as it takes to tell it from 1.
fn times(ratio: f64) -> String {
    number(ratio, if (ratio - 1.0).abs() < 0.01 { 3 } else { 2 })
}

fn finished(round: &Round, scenario: Scenario) -> Option<&Quantiles> {
    Some(&round.get(scenario)?.latency.to_finished)
}

/// Over all scenarios but those that hold thousands of connections, which cost memory each.
fn most(round: &Round, figure: fn(&Report) -> f64) -> Option<f64> {
    let counts = |scenario: &Scenario| !matches!(scenario, Scenario::Overload | Scenario::Live);
    let scenarios = round.0.iter().map(|outcome| outcome.scenario).filter(counts);
    scenarios.filter_map(|scenario| round.get(scenario).map(figure)).max_by(f64::total_cmp)
}

/// Of the service that has grown more.
fn growth(report: &Report) -> f64 {
    let memory = &report.memory;
    let ratio = |[first, second]: [f64; 2]| second / first;
    ratio(memory.orders_service_halves_mib).max(ratio(memory.payments_service_halves_mib))
}

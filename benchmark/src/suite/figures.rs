//! Everything that the suite found out, as it is kept in `figures.json`.

use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::scenario::Scenario;
use super::settings::SuiteOptions;
use super::spread::Spread;
use crate::report::Report;

/// Every report of every round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Figures {
    pub(super) settings: SuiteOptions,
    /// The day, in UTC.
    pub(super) measured_on: String,
    pub(super) rounds: Vec<Round>,
}

/// The scenarios of one round, in order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Round(pub(super) Vec<Outcome>);

/// What one scenario showed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub(super) scenario: Scenario,
    pub(super) report: Report,
}

impl Figures {
    pub(super) fn new(settings: SuiteOptions) -> Self {
        Self { settings, measured_on: Utc::now().date_naive().to_string(), rounds: Vec::new() }
    }

    /// Adds to the latest round.
    pub(super) fn add(&mut self, outcome: Outcome) {
        if let Some(round) = self.rounds.last_mut() {
            round.0.push(outcome);
        }
    }

    /// Whether all of them count.
    pub(super) fn are_valid(&self) -> bool {
        self.rounds.iter().flat_map(|round| &round.0).all(|outcome| outcome.report.is_valid())
    }

    /// The scenarios that were run, in order.
    pub(super) fn scenarios(&self) -> Vec<Scenario> {
        self.rounds
            .first()
            .map_or_else(Vec::new, |round| round.0.iter().map(|outcome| outcome.scenario).collect())
    }

    /// A figure over all rounds.
    pub(super) fn spread(&self, figure: impl Fn(&Round) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.rounds.iter().filter_map(figure))
    }

    /// A figure of one scenario over all rounds.
    pub(super) fn of(&self, scenario: Scenario, figure: impl Fn(&Report) -> f64) -> Option<Spread> {
        self.spread(|round| round.get(scenario).map(&figure))
    }

    /// The latest round's report of a scenario: time series and distributions have no median.
    pub(super) fn latest(&self, scenario: Scenario) -> Option<&Report> {
        self.rounds.iter().rev().find_map(|round| round.get(scenario))
    }

    /// As JSON, a report on each line.
    pub(super) fn to_json(&self) -> String {
        let rounds = self.rounds.iter().map(|round| {
            let reports: Vec<String> = round.0.iter().map(json).collect();
            format!("[\n{}\n]", reports.join(",\n"))
        });
        format!(
            "{{\n\"settings\": {},\n\"measured_on\": {},\n\"rounds\": [{}]\n}}\n",
            json(&self.settings),
            json(&self.measured_on),
            rounds.collect::<Vec<_>>().join(", ")
        )
    }
}

impl Round {
    /// A scenario's report, if its figures count.
    pub(super) fn get(&self, scenario: Scenario) -> Option<&Report> {
        let outcome = self.0.iter().find(|outcome| outcome.scenario == scenario)?;
        Some(&outcome.report).filter(|report| report.is_valid())
    }

    /// Orders per second that the other scenarios' rates derive from.
    pub(super) fn sustained_rate(&self) -> Option<f64> {
        let outcome = self.0.iter().find(|outcome| outcome.scenario == Scenario::Sustained)?;
        Some(outcome.report.throughput.orders_per_second)
    }

    /// A scenario's orders per second ÷ yardstick.
    pub(super) fn ratio(&self, scenario: Scenario) -> Option<f64> {
        self.get(scenario)?.yardstick.as_ref().map(|yardstick| yardstick.ratio)
    }

    /// A scenario's ratio ÷ that of the sustained scenario of this round.
    pub(super) fn relative(&self, scenario: Scenario) -> Option<f64> {
        Some(self.ratio(scenario)? / self.ratio(Scenario::Sustained)?)
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("numbers and names are JSON")
}

//! Everything that one run found out. `--json` writes it as it stands; every field's name ends in its unit.

use std::collections::BTreeMap;
use std::fs;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::audit::Audit;
use crate::backlog::BacklogReport;
use crate::error::{Doing, Result};
use crate::live::LiveReport;
use crate::machine::Machine;
use crate::metrics::BatchSize;
use crate::options::Options;
use crate::series::Series;
use crate::usage::{Group, Spent};
use crate::yardstick;

/// The result of a run. Displayed, it is the text for people.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Why the figures are void; empty if they are not.
    pub(crate) faults: Vec<String>,
    pub(crate) options: Options,
    /// `release` or `debug`: the services are built as this program is.
    pub(crate) profile: String,
    pub(crate) machine: Machine,
    pub(crate) throughput: Throughput,
    pub(crate) yardstick: Option<Yardstick>,
    pub(crate) latency: Latency,
    /// Answers by HTTP status, in the window.
    pub(crate) answers: BTreeMap<u16, u64>,
    pub(crate) unanswered: u64,
    /// Due by `--rate`, and never sent because every connection was waiting for an answer.
    pub(crate) never_sent: u64,
    /// With `--live-clients`.
    pub(crate) live: Option<LiveReport>,
    /// With `--backlog`.
    pub(crate) backlog: Option<BacklogReport>,
    pub(crate) memory: Memory,
    pub(crate) cpu: Cpu,
    pub(crate) batches: Vec<BatchSize>,
    pub(crate) series: Series,
    pub(crate) audit: Audit,
}

/// How fast orders were answered, and how fast they were paid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Throughput {
    /// Orders of the window that were answered 201, and those of the backlog, all of them final at its end.
    pub(crate) orders: u64,
    /// From the first POST to the last order final.
    pub(crate) window_seconds: f64,
    /// From the last answer to the last order final.
    pub(crate) drain_seconds: f64,
    /// `orders / window_seconds`.
    pub(crate) orders_per_second: f64,
    /// Answers of any status, from the first POST to the last answer.
    pub(crate) answers_per_second: f64,
}

/// The yardstick, right before and right after.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Yardstick {
    pub(crate) command: String,
    pub(crate) before_per_second: f64,
    pub(crate) after_per_second: f64,
    pub(crate) mean_per_second: f64,
    /// Orders per second ÷ mean.
    pub(crate) ratio: f64,
}

/// Latencies, from the POST, or with `--rate` from when it was due.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// To the 201, of every order.
    pub(crate) to_created: Quantiles,
    /// To the 503, of every order that was refused for the load; always from the POST.
    pub(crate) to_refused: Quantiles,
    /// To FINISHED, of the orders that were watched.
    pub(crate) to_finished: Quantiles,
    /// The same as [`curve`] has it.
    pub(crate) to_finished_curve: Vec<(f64, f64)>,
    /// How often the watch asked.
    pub(crate) polls: u64,
}

/// A distribution.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Quantiles {
    pub(crate) count: u64,
    pub(crate) p50_ms: f64,
    pub(crate) p95_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

/// What the services had resident; of several replicas, the one that had most.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// The most at once since the start.
    pub(crate) orders_service_peak_mib: f64,
    pub(crate) payments_service_peak_mib: f64,
    /// The most in each half of the window, by a look every second.
    pub(crate) orders_service_halves_mib: [f64; 2],
    pub(crate) payments_service_halves_mib: [f64; 2],
}

/// CPU time of the window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Cpu {
    pub(crate) groups: Vec<CpuShare>,
    /// Of all cores' time, the share in which they did anything.
    pub(crate) busy_share: f64,
    /// Of all cores' time, the share that the hypervisor gave to other machines.
    pub(crate) stolen_share: f64,
}

/// One group's CPU time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CpuShare {
    pub(crate) group: Group,
    pub(crate) seconds: f64,
    pub(crate) per_order_us: f64,
}

impl Report {
    /// Whether the figures count: money exact, every order final, everything durable.
    pub fn is_valid(&self) -> bool {
        self.faults.is_empty()
    }

    /// How many were answered with this HTTP status.
    pub(crate) fn answered(&self, status: u16) -> u64 {
        self.answers.get(&status).copied().unwrap_or(0)
    }

    /// How many POSTs the window was to have.
    pub(crate) fn due(&self) -> u64 {
        self.answers.values().sum::<u64>() + self.unanswered + self.never_sent
    }

    pub(crate) fn write_json(&self) -> Result<()> {
        let Some(path) = &self.options.json else {
            return Ok(());
        };
        let mut text = serde_json::to_string_pretty(self).expect("numbers and names are JSON");
        text.push('\n');
        fs::write(path, text).doing(&format!("writing {}", path.display()))
    }
}

impl Yardstick {
    /// Nothing if it was not measured.
    pub(crate) fn between(
        before: Option<f64>,
        after: Option<f64>,
        seconds: u64,
        throughput: &Throughput,
    ) -> Option<Self> {
        let (before, after) = before.zip(after)?;
        let mean = f64::midpoint(before, after);
        Some(Self {
            command: yardstick::command_line(seconds),
            before_per_second: before,
            after_per_second: after,
            mean_per_second: mean,
            ratio: throughput.orders_per_second / mean,
        })
    }
}

impl Memory {
    /// Of orders-service and payments-service each time, in MiB; `resident` from the window's beginning to its end.
    pub(crate) fn new(peak: [f64; 2], resident: &[[f64; 2]]) -> Self {
        let (first, second) = resident.split_at(resident.len() / 2);
        let most = |half: &[[f64; 2]], of: usize| half.iter().map(|now| now[of]).fold(0.0, f64::max);
        let halves = |of| [most(first, of), most(second, of)];
        Self {
            orders_service_peak_mib: peak[0],
            payments_service_peak_mib: peak[1],
            orders_service_halves_mib: halves(0),
            payments_service_halves_mib: halves(1),
        }
    }
}

impl Quantiles {
    /// Of a histogram of microseconds.
    pub(crate) fn of(histogram: &Histogram<u64>) -> Self {
        let ms = |us: u64| us as f64 / 1000.0;
        Self {
            count: histogram.len(),
            p50_ms: ms(histogram.value_at_quantile(0.5)),
            p95_ms: ms(histogram.value_at_quantile(0.95)),
            p99_ms: ms(histogram.value_at_quantile(0.99)),
            max_ms: ms(histogram.max()),
        }
    }
}

/// A histogram of microseconds as pairs of a quantile and milliseconds. Each decimal digit of the quantile's distance
/// from 1 is divided into ten steps, up to the last that so many orders can tell apart.
pub(crate) fn curve(histogram: &Histogram<u64>) -> Vec<(f64, f64)> {
    let steps = (histogram.len().max(1) as f64).log10() * 10.0;
    let quantiles = (0..=steps as i32).map(|step| 1.0 - 10_f64.powf(f64::from(-step) / 10.0));
    quantiles.map(|quantile| (quantile, histogram.value_at_quantile(quantile) as f64 / 1000.0)).collect()
}

impl Cpu {
    /// What all of `groups` used together for an order, in µs.
    pub(crate) fn per_order_us(&self, groups: &[Group]) -> f64 {
        let shares = self.groups.iter().filter(|share| groups.contains(&share.group));
        shares.map(|share| share.per_order_us).sum()
    }

    pub(crate) fn new(spent: &Spent, orders: u64) -> Self {
        let share = |&(group, seconds): &(Group, f64)| {
            let per_order_us = seconds * 1e6 / orders.max(1) as f64;
            CpuShare { group, seconds, per_order_us }
        };
        Self {
            groups: spent.seconds.iter().map(share).collect(),
            busy_share: spent.busy_share,
            stolen_share: spent.stolen_share,
        }
    }
}

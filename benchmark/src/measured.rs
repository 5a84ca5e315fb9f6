//! What an experiment saw, and the report that is made of it.

use std::time::Instant;

use crate::audit::Audit;
use crate::backlog::BacklogReport;
use crate::live::LiveReport;
use crate::machine::Machine;
use crate::metrics::BatchSize;
use crate::options::Options;
use crate::report::{Cpu, Latency, Memory, Quantiles, Report, Throughput, curve};
use crate::series::Series;
use crate::tally::Tally;
use crate::usage::Spent;
use crate::watch::Watched;

/// What the window showed.
pub(crate) struct Measured {
    pub(crate) tally: Tally,
    /// When the last order was final; nothing if that was not to be waited for.
    pub(crate) ended: Option<Instant>,
    pub(crate) watched: Watched,
    pub(crate) spent: Spent,
    pub(crate) batches: Vec<BatchSize>,
    pub(crate) live: Option<LiveReport>,
    pub(crate) drained: Option<BacklogReport>,
    pub(crate) memory: Memory,
    pub(crate) series: Series,
    pub(crate) audit: Audit,
}

impl Measured {
    /// The report, which has no yardstick yet.
    pub(crate) fn report(self, options: &Options, machine: Machine) -> Report {
        let throughput = self.throughput();
        Report {
            faults: self.faults(&machine),
            options: options.clone(),
            profile: if cfg!(debug_assertions) { "debug" } else { "release" }.into(),
            machine,
            yardstick: None,
            latency: Latency {
                to_created: Quantiles::of(&self.tally.answered_after),
                to_refused: Quantiles::of(&self.tally.refused_after),
                to_finished: Quantiles::of(&self.watched.final_after),
                to_finished_curve: curve(&self.watched.final_after),
                polls: self.watched.polls,
            },
            cpu: Cpu::new(&self.spent, throughput.orders),
            throughput,
            answers: self.tally.statuses,
            unanswered: self.tally.unanswered,
            never_sent: self.tally.never_sent,
            live: self.live,
            backlog: self.drained,
            memory: self.memory,
            batches: self.batches,
            series: self.series,
            audit: self.audit,
        }
    }

    /// Orders of the window that were answered 201.
    fn created(&self) -> u64 {
        self.tally.statuses.get(&201).copied().unwrap_or(0)
    }

    /// Why the figures are void.
    fn faults(&self, machine: &Machine) -> Vec<String> {
        let mut faults = machine.undurable();
        faults.extend(self.audit.faults.iter().cloned());
        let created = self.created();
        if created == 0 {
            faults.push("no order was accepted".into());
        }
        if created != self.tally.accepted.len() as u64 {
            faults.push("a 201 came without the order's address in Location".into());
        }
        if self.ended.is_none() {
            faults.push("orders were left that did not become final".into());
        }
        if self.watched.lost > 0 {
            faults.push(format!("{} orders that were watched were never seen final", self.watched.lost));
        }
        if let Some(live) = self.live.as_ref().filter(|live| live.missing > 0) {
            faults.push(format!("{} news of final orders reached their clients never", live.missing));
        }
        faults
    }

    fn throughput(&self) -> Throughput {
        let now = Instant::now();
        let first_post = self.tally.first_post.unwrap_or(now);
        let last_answer = self.tally.last_answer.unwrap_or(now);
        // Without an end nothing counts, and the faults say so.
        let ended = self.ended.unwrap_or(now).max(last_answer);
        let orders = self.tally.accepted.len() as u64 + self.drained.as_ref().map_or(0, |it| it.orders);
        let window_seconds = (ended - first_post).as_secs_f64();
        Throughput {
            orders,
            window_seconds,
            drain_seconds: (ended - last_answer).as_secs_f64(),
            orders_per_second: orders as f64 / window_seconds,
            answers_per_second: self.tally.answers() as f64 / (last_answer - first_post).as_secs_f64(),
        }
    }
}

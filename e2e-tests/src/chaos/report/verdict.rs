//! What a run comes to, and what it must have met to come to anything.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;

use super::super::nemesis::CRASH_POINTS;
use super::super::scenario::LONG;
use super::super::timeline::Happening;
use super::Report;

/// What a run comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything held.
    Clean,
    /// A promise is broken.
    Violated,
    /// Everything held, and too little was tried.
    Void,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Clean => Self::SUCCESS,
            Verdict::Violated => Self::from(1),
            Verdict::Void => Self::from(2),
        }
    }
}

/// A place in a service where it may be made to end, and how often it did.
#[derive(Debug, Serialize)]
pub(crate) struct CrashPoint {
    pub(crate) service: &'static str,
    pub(crate) point: &'static str,
    pub(crate) hits: usize,
}

impl CrashPoint {
    /// All of them, by what the timeline says: targets are named `point @ service-replica`.
    pub(crate) fn counted(faults: &[Happening]) -> Vec<Self> {
        let hits = |service: &str, point: &str| {
            let prefix = format!("{point} @ {service}-");
            let hit = |target: &str| target.starts_with(&prefix);
            faults.iter().filter(|fault| fault.took_effect && hit(&fault.target)).count()
        };
        CRASH_POINTS
            .iter()
            .map(|(service, point)| Self { service, point, hits: hits(service, point) })
            .collect()
    }
}

/// What a run must have met.
pub(crate) struct Demands {
    operations: u64,
    crash_points: bool,
    /// So many faults of one of these kinds that took effect.
    faults: &'static [(&'static [&'static str], usize)],
}

/// What must have happened in ten minutes. Only what nobody was warned of counts: not an orderly restart of the broker, nor
/// a session that PostgreSQL was asked to end.
const OFTEN: &[(&[&str], usize)] = &[
    (&["kill"], 40),
    (&["broker-kill", "broker-wipe"], 3),
    (&["postgres-stop", "postgres-kill", "backend-kill"], 6),
    (&["link-cut"], 10),
];

impl Demands {
    /// What a run of this length must have met.
    pub(crate) fn of(duration: Duration) -> Self {
        let is_long = duration >= LONG;
        Self { operations: 1_000, crash_points: is_long, faults: if is_long { OFTEN } else { &[] } }
    }

    /// What it has not met.
    pub(crate) fn unmet(&self, report: &Report) -> Vec<String> {
        let mut unmet = Vec::new();
        let mut demand = |is_met: bool, text: String| {
            if !is_met {
                unmet.push(text);
            }
        };
        let acknowledged = report.figures.operations.get("ok").copied().unwrap_or_default();
        demand(
            acknowledged >= self.operations as i64,
            format!("{acknowledged} operations were acknowledged, fewer than {}", self.operations),
        );
        for counter in ["messaging_duplicates_total", "messaging_redelivered_total"] {
            let count = report.counters.get(counter).copied().unwrap_or_default();
            demand(count > 0, format!("{counter} is 0"));
        }
        demand(report.figures.refunded > 0, "no order was paid back".into());
        demand(report.figures.delivered > 0, "no order was delivered".into());
        demand(report.figures.cancellations_refused > 0, "no cancellation came too late".into());
        demand(report.snapshots > 0, "no snapshot was taken".into());
        demand(report.repeated_events > 0, "no event was repeated".into());
        demand(report.poison > 0, "no poison was injected".into());
        if self.crash_points {
            for CrashPoint { service, point, hits } in &report.crash_points {
                demand(*hits >= 3, format!("crash point {point} of {service} was hit {hits} times, not 3"));
            }
        } else {
            let hits: usize = report.crash_points.iter().map(|point| point.hits).sum();
            demand(hits > 0 || report.crash_points.is_empty(), "no crash point was hit".into());
        }
        let kinds: BTreeMap<&str, (usize, usize)> = report.faults_by_kind();
        for (names, least) in self.faults {
            let count: usize =
                names.iter().filter_map(|name| kinds.get(name)).map(|(_, effective)| effective).sum();
            demand(count >= *least, format!("{count} faults of {}, not {least}", names.join(", ")));
        }
        unmet
    }
}

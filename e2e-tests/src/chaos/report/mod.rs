//! What a run has shown: for people as text and as a page, for programs as JSON.

mod figures;
mod page;
mod picture;
mod text;
mod verdict;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Serialize;
use stack::{Error, Result};

use super::checks::Findings;
use super::timeline::Happening;

pub(crate) use self::figures::{Bucket, Figures, figures};
pub use self::verdict::Verdict;
pub(crate) use self::verdict::{CrashPoint, Demands};

/// Everything that is worth telling of a run. Times are in milliseconds.
#[derive(Serialize)]
pub(crate) struct Report {
    /// What repeats it.
    pub(crate) command: String,
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) seconds: u64,
    pub(crate) replicas: usize,
    /// The wall clock's time at the start, since 1970.
    pub(crate) started_at_ms: u64,
    /// When everything was healed, since the start.
    pub(crate) healed_ms: u64,
    /// How long after that every order was final, if they were in time.
    pub(crate) final_after_ms: Option<u64>,
    pub(crate) figures: Figures,
    pub(crate) faults: Vec<Happening>,
    pub(crate) crash_points: Vec<CrashPoint>,
    pub(crate) repeated_events: u64,
    pub(crate) poison: u64,
    pub(crate) dead_letters: u64,
    pub(crate) snapshots: u64,
    /// The services' counters, summed over all their processes: at least this much.
    pub(crate) counters: BTreeMap<String, u64>,
    pub(crate) checks: Vec<Findings>,
    /// Why it shows nothing, if it does not.
    pub(crate) void: Vec<String>,
}

impl Report {
    pub(crate) fn verdict(&self) -> Verdict {
        if self.checks.iter().any(|check| check.count > 0) {
            Verdict::Violated
        } else if self.void.is_empty() {
            Verdict::Clean
        } else {
            Verdict::Void
        }
    }

    /// The rules that are broken.
    pub(crate) fn broken(&self) -> impl Iterator<Item = &Findings> {
        self.checks.iter().filter(|check| check.count > 0)
    }

    /// How many faults of each kind there were, and how many of them did anything.
    pub(crate) fn faults_by_kind(&self) -> BTreeMap<&'static str, (usize, usize)> {
        let mut kinds = BTreeMap::new();
        for Happening { fault, took_effect, .. } in &self.faults {
            let (count, effective): &mut (usize, usize) = kinds.entry(*fault).or_default();
            *count += 1;
            *effective += usize::from(*took_effect);
        }
        kinds
    }

    /// For the terminal.
    pub(crate) fn text(&self) -> String {
        text::text(self)
    }

    /// Writes `report.json` and `report.html`.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let json = serde_json::to_string_pretty(self).expect("names and numbers are JSON");
        let write = || {
            fs::create_dir_all(folder)?;
            fs::write(folder.join("report.json"), json)?;
            fs::write(folder.join("report.html"), page::page(self))
        };
        let failed = |source| Error::Io { doing: format!("writing to {}", folder.display()), source };
        write().map_err(failed)
    }
}

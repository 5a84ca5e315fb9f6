//! What was done to the system, and when.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::lines::Lines;

/// The clock of a run and the list of its faults, which is also a file of JSON lines.
pub struct Timeline {
    started: Instant,
    /// The wall clock's time then, in milliseconds since 1970.
    started_at_ms: u64,
    happenings: Mutex<Vec<Happening>>,
    file: Lines,
}

/// One fault, in milliseconds since the run's start.
#[derive(Clone, Debug, Serialize)]
pub struct Happening {
    /// What kind of fault, for example `kill`, `broker-wipe` or `crash-point`.
    pub fault: &'static str,
    /// What it happened to, for example `orders-1` or `relay.confirmed @ orders-0`.
    pub target: String,
    /// When it began.
    pub began_ms: u64,
    /// When it was healed again.
    pub ended_ms: u64,
    /// Whether it did anything: a crash point that was reached, a cut that cut.
    pub took_effect: bool,
}

impl Timeline {
    /// Begins now.
    ///
    /// # Panics
    /// If the file can't be created.
    pub fn start(file: &Path) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
        Self {
            started: Instant::now(),
            started_at_ms: since_1970.as_millis() as u64,
            happenings: Mutex::default(),
            file: Lines::create(file),
        }
    }

    /// Milliseconds since the start, by a clock that never jumps.
    pub fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    /// The wall clock's time at the start, in milliseconds since 1970.
    pub fn started_at_ms(&self) -> u64 {
        self.started_at_ms
    }

    /// Notes a fault that is over.
    pub fn record(&self, happening: Happening) {
        self.file.write(&happening);
        self.lock().push(happening);
    }

    /// All that has happened, in the order in which it was over.
    pub fn happenings(&self) -> Vec<Happening> {
        self.lock().clone()
    }

    /// How many faults are over.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Happening>> {
        self.happenings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! What clients asked for and what they were told: one line for each operation, written when its client lets go of it.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::lines::Lines;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An order.
    Order,
    /// A deposit.
    Deposit,
    /// An account.
    Account,
    /// That an order is cancelled.
    Cancel,
}

/// What its client knows in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It has happened: 2xx.
    Ok,
    /// It has not happened and never will: 4xx, or nobody was there to ask.
    Refused,
    /// It may have happened, once, or may yet.
    Unknown,
}

/// One thing that a client wanted to happen once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Operation {
    /// Names it. It is the description of an order and the Idempotency-Key, where there is one of its own.
    pub nonce: Uuid,
    /// What.
    pub kind: Kind,
    /// Whose order or account.
    pub user: Uuid,
    /// Where a deposit goes.
    pub bill: Option<Uuid>,
    /// What is to be cancelled.
    pub order: Option<Uuid>,
    /// In kopecks.
    pub amount: i64,
    /// The Idempotency-Key.
    pub key: Option<String>,
    /// Whether it must be refused: nonsense, or a key that stands for something else.
    pub is_bad: bool,
    /// What the client knows.
    pub outcome: Outcome,
    /// What was created, or is cancelled.
    pub id: Option<Uuid>,
    /// The last answer's status.
    pub status: Option<u16>,
    /// How many requests it took.
    pub requests: u32,
    /// When the first one was sent, in milliseconds since the run's start.
    pub invoked_ms: u64,
    /// When the client knew or gave up.
    pub returned_ms: u64,
    /// Answers that there must never be, and answers that differ though the request is the same.
    pub flaws: Vec<String>,
}

/// The file, and how much is in it.
pub(crate) struct History {
    file: Lines,
    /// By outcome.
    counts: [AtomicU64; 3],
    orders: AtomicU64,
}

impl History {
    pub(crate) fn create(path: &Path) -> Self {
        Self { file: Lines::create(path), counts: Default::default(), orders: AtomicU64::new(0) }
    }

    pub(crate) fn record(&self, operation: &Operation) {
        self.file.write(operation);
        self.counts[operation.outcome as usize].fetch_add(1, Ordering::Relaxed);
        if operation.kind == Kind::Order && operation.outcome == Outcome::Ok {
            self.orders.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn count(&self, outcome: Outcome) -> u64 {
        self.counts[outcome as usize].load(Ordering::Relaxed)
    }

    /// Acknowledged orders.
    pub(crate) fn orders(&self) -> u64 {
        self.orders.load(Ordering::Relaxed)
    }

    pub(crate) fn flush(&self) {
        self.file.flush();
    }
}

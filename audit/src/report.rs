//! What an audit says.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::position::Position;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The name of the rule that is broken, as in [`crate::RULES`].
    pub rule: &'static str,
    /// What breaks it: the id of an account, a ledger entry, an order or a message, by the rule.
    pub id: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.rule, self.id, self.what)
    }
}

/// How much was checked, and how much of that is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Accounts.
    pub accounts: u64,
    /// Ledger entries.
    pub entries: u64,
    /// Orders.
    pub orders: u64,
    /// Orders that are FINISHED.
    pub finished: u64,
    /// Decisions.
    pub decisions: u64,
    /// Decisions to pay: SUCCEEDED.
    pub paid: u64,
    /// Violations that were found.
    pub findings: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accounts, entries, orders, decisions, findings, .. } = self;
        write!(
            formatter,
            "{findings} findings in {accounts} accounts, {entries} ledger entries, {orders} orders, \
             {decisions} decisions"
        )
    }
}

/// What an audit says while it goes on.
#[derive(Debug)]
pub enum Event<'a> {
    /// A violation.
    Finding(&'a Finding),
    /// A chunk has been checked.
    Progress {
        /// What was checked so far.
        counts: &'a Counts,
        /// Where another audit may go on.
        position: &'a Position,
    },
}

//! The rules, each a query over the [evidence](super::evidence) that finds what breaks it.

mod cancelling;
mod clients;
mod delivery;
mod money;
mod orders;
mod traffic;

use serde::Serialize;
use stack::{Error, Result};

use super::evidence::Evidence;

/// Findings that a report names, of each rule.
pub(super) const NAMED: i64 = 50;

/// A rule.
pub struct Check {
    /// What must hold.
    pub rule: &'static str,
    /// Returns a text for everything that breaks it.
    query: &'static str,
}

/// What breaks a rule.
#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    /// The rule.
    pub rule: &'static str,
    /// How many there are.
    pub count: i64,
    /// The first of them.
    pub findings: Vec<String>,
}

/// Every rule.
pub fn all() -> impl Iterator<Item = &'static Check> {
    [clients::CHECKS, orders::CHECKS, cancelling::CHECKS, delivery::CHECKS, money::CHECKS, traffic::CHECKS]
        .into_iter()
        .flatten()
}

impl Check {
    /// Looks for what breaks it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn run(&self, evidence: &Evidence) -> Result<Findings> {
        let query = format!(
            "SELECT finding, count(*) OVER () FROM ({}) AS found (finding) ORDER BY 1 LIMIT {NAMED}",
            self.query
        );
        let failed = |source| Error::Postgres { doing: format!("checking that {}", self.rule), source };
        let rows = evidence.database().try_rows(&query, &[]).await.map_err(failed)?;
        Ok(Findings {
            rule: self.rule,
            count: rows.first().map_or(0, |row| row.get(1)),
            findings: rows.iter().map(|row| row.get(0)).collect(),
        })
    }
}

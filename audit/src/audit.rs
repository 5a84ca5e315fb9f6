//! One audit, from its address to its verdict.

use std::time::Duration;

use uuid::Uuid;

use crate::error::Result;
use crate::position::{Key, Position};
use crate::report::{Counts, Event, Finding};
use crate::rules::{Check, RULES, Rule};
use crate::scan::{ACCOUNTS, ENTRIES};
use crate::session::Session;

/// What to audit.
#[derive(Clone, Debug)]
pub struct Audit {
    /// The URL of the orders database.
    pub orders_database: String,
    /// The URL of the payments database.
    pub payments_database: String,
    /// How long an order may wait for its decision, a decision for its order to be settled, and a message in an outbox.
    pub patience: Duration,
    /// Rows of a table that are read at once: what an audit keeps in memory, and how long a snapshot lasts.
    pub chunk_rows: usize,
}

impl Audit {
    /// An audit of these databases with the usual limits: a patience of five minutes, ten times what the sweep needs to
    /// ask for a payment again, and 10,000 rows.
    pub fn of(orders_database: &str, payments_database: &str) -> Self {
        Self {
            orders_database: orders_database.into(),
            payments_database: payments_database.into(),
            patience: Duration::from_secs(300),
            chunk_rows: 10_000,
        }
    }

    /// Checks everything, or, given where another audit has come to, what that has not seen. Findings and progress are
    /// told as they come, and the position to begin the next audit from is told with the last progress.
    ///
    /// # Errors
    /// If a database can't be reached or read.
    pub async fn run(&self, from: Option<Position>, report: impl FnMut(Event<'_>)) -> Result<Counts> {
        let orders = Session::open("orders", &self.orders_database).await?;
        let payments = Session::open("payments", &self.payments_database).await?;
        let databases = [orders.identity().await?, payments.identity().await?];
        let position = match from {
            Some(position) if position.databases == databases => position,
            _ => Position::beginning(databases),
        };
        let counts = Counts::default();
        let mut run = Run { audit: self, orders, payments, position, counts, report };
        run.scan(&ACCOUNTS).await?;
        run.scan(&ENTRIES).await?;
        run.orders().await?;
        run.outboxes().await?;
        run.position.account = Uuid::FIRST;
        run.progress();
        Ok(run.counts)
    }

    /// Checks everything and returns all findings, for who expects few.
    ///
    /// # Errors
    /// If a database can't be reached or read.
    pub async fn findings(&self) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        self.run(None, |event| {
            if let Event::Finding(finding) = event {
                findings.push(finding.clone());
            }
        })
        .await?;
        Ok(findings)
    }
}

/// An audit that goes on.
pub(crate) struct Run<'a, F> {
    pub(crate) audit: &'a Audit,
    pub(crate) orders: Session,
    pub(crate) payments: Session,
    pub(crate) position: Position,
    pub(crate) counts: Counts,
    report: F,
}

impl<F: FnMut(Event<'_>)> Run<'_, F> {
    /// Neither outbox holds a message for long.
    async fn outboxes(&mut self) -> Result<()> {
        let patience_seconds = self.audit.patience.as_secs_f64();
        for rule in &RULES {
            let Check::Outbox(query) = rule.check else { continue };
            let of_orders = self.orders.rows(query, &[&patience_seconds]).await?;
            let of_payments = self.payments.rows(query, &[&patience_seconds]).await?;
            for (database, rows) in [("orders", of_orders), ("payments", of_payments)] {
                for row in rows {
                    self.found(rule, row.get(0), format!("{} in {database}", row.get::<_, String>(1)));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn found(&mut self, rule: &Rule, id: String, what: String) {
        self.counts.findings += 1;
        (self.report)(Event::Finding(&Finding { rule: rule.name, id, what }));
    }

    pub(crate) fn progress(&mut self) {
        (self.report)(Event::Progress { counts: &self.counts, position: &self.position });
    }
}

//! The pass over both databases: every order with its decision, and every decision with its order.
//!
//! The order of reads is what keeps a system at work from looking wrong; the README says why.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use tokio_postgres::Row;
use uuid::Uuid;

use crate::audit::Run;
use crate::error::Result;
use crate::position::Key;
use crate::report::Event;
use crate::rules::{Check, RULES};

/// An order is committed within seconds of the time in its id: one minute later every id is there that ever will be.
const COMMIT_LAG: Duration = Duration::from_secs(60);

const ORDERS: &str = "-- audit_orders
    SELECT id, user_id, amount, status, cancel_reason, delivery_status, created_at, cancel_requested_at, now()
    FROM orders WHERE id >= $1 ORDER BY id LIMIT $2";

const ORDERS_OF: &str = "-- audit_orders_of
    SELECT id, user_id, amount, status, cancel_reason, delivery_status, created_at, cancel_requested_at, now()
    FROM orders WHERE id = ANY ($1)";

/// A decision and its debits are committed together, and read together; so is what was paid back.
const DECISIONS: &str = "-- audit_decisions
    SELECT order_id, user_id, amount, CASE outcome WHEN 'FAILED' THEN coalesce(reason, '') END, decided_at,
           debits, right_debits, refunds, right_refunds, refunded_at
    FROM payments, LATERAL (
        SELECT count(*) AS debits,
               count(*) FILTER (WHERE debit.amount = payments.amount
                                AND accounts.user_id = payments.user_id) AS right_debits
        FROM transactions AS debit LEFT JOIN accounts ON accounts.id = debit.account_id
        WHERE debit.type = 'DEBIT' AND debit.reference_order_id = order_id
    ) AS paid, LATERAL (
        SELECT count(*) AS refunds,
               count(*) FILTER (WHERE credit.amount = payments.amount
                                AND accounts.user_id = payments.user_id) AS right_refunds,
               max(credit.created_at) AS refunded_at
        FROM transactions AS credit LEFT JOIN accounts ON accounts.id = credit.account_id
        WHERE credit.type = 'CREDIT' AND credit.reference_order_id = order_id
    ) AS paid_back
    WHERE order_id BETWEEN $1 AND $2 ORDER BY order_id LIMIT $3";

/// An order as either database knows it, or both.
#[derive(Default)]
pub(crate) struct Case {
    pub(crate) order: Option<Order>,
    pub(crate) decision: Option<Decision>,
}

/// What the orders database says.
pub(crate) struct Order {
    pub(crate) user: Uuid,
    /// Minor units (kopecks).
    pub(crate) amount: i64,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) delivery: Option<String>,
    pub(crate) created_at: SystemTime,
    pub(crate) cancel_requested_at: Option<SystemTime>,
    /// When it was read, by the database's clock.
    pub(crate) read_at: SystemTime,
}

/// What the payments database says.
pub(crate) struct Decision {
    pub(crate) user: Uuid,
    /// Minor units (kopecks).
    pub(crate) amount: i64,
    /// Why it is not paid; nothing if it is.
    pub(crate) reason: Option<String>,
    pub(crate) decided_at: SystemTime,
    /// How many debits there are for the order.
    pub(crate) debits: i64,
    /// How many of them are of its amount, from its user's account.
    pub(crate) right_debits: i64,
    /// How many credits there are for the order.
    pub(crate) refunds: i64,
    /// How many of them are of its amount, to its user's account.
    pub(crate) right_refunds: i64,
    pub(crate) refunded_at: Option<SystemTime>,
}

impl Order {
    fn of(row: &Row) -> Self {
        Self {
            user: row.get(1),
            amount: row.get(2),
            status: row.get(3),
            reason: row.get(4),
            delivery: row.get(5),
            created_at: row.get(6),
            cancel_requested_at: row.get(7),
            read_at: row.get(8),
        }
    }

    /// How long something that happened has lasted when the order was read.
    pub(crate) fn age_of(&self, time: SystemTime) -> Duration {
        self.read_at.duration_since(time).unwrap_or_default()
    }

    /// It can't change any more, and none with a smaller id can come.
    fn is_settled(&self) -> bool {
        self.age_of(self.created_at) > COMMIT_LAG && (self.status == "CANCELLED" || self.is_shipped())
    }

    /// It is on its way, or there.
    pub(crate) fn is_shipped(&self) -> bool {
        matches!(self.delivery.as_deref(), Some("SHIPPED" | "DELIVERED"))
    }
}

impl Decision {
    fn of(row: &Row) -> Self {
        Self {
            user: row.get(1),
            amount: row.get(2),
            reason: row.get(3),
            decided_at: row.get(4),
            debits: row.get(5),
            right_debits: row.get(6),
            refunds: row.get(7),
            right_refunds: row.get(8),
            refunded_at: row.get(9),
        }
    }
}

impl<F: FnMut(Event<'_>)> Run<'_, F> {
    /// Every order and every decision.
    pub(crate) async fn orders(&mut self) -> Result<()> {
        let mut from = Some(self.position.order);
        let mut is_settled = true;
        while let Some(first) = from {
            let (cases, last) = self.cases(first).await?;
            is_settled &= self.check(&cases);
            from = last.next();
            self.position.order = from.filter(|_| is_settled).unwrap_or(self.position.order);
            self.progress();
        }
        Ok(())
    }

    /// The orders and decisions from `first` on, as many as are read at once, and the id up to which these are all.
    async fn cases(&self, first: Uuid) -> Result<(BTreeMap<Uuid, Case>, Uuid)> {
        let chunk_rows = self.audit.chunk_rows;
        let limit = chunk_rows as i64;
        let mut cases: BTreeMap<Uuid, Case> = BTreeMap::new();

        let orders = self.orders.rows(ORDERS, &[&first, &limit]).await?;
        let last_order = orders.last().filter(|_| orders.len() == chunk_rows).map(|row| row.get(0));
        let mut last = last_order.unwrap_or(Uuid::LAST);
        let decisions = self.payments.rows(DECISIONS, &[&first, &last, &limit]).await?;
        if decisions.len() == chunk_rows {
            last = decisions.last().map_or(last, |row| row.get(0));
        }
        for row in orders.iter().filter(|row| row.get::<_, Uuid>(0) <= last) {
            cases.entry(row.get(0)).or_default().order = Some(Order::of(row));
        }
        for row in &decisions {
            cases.entry(row.get(0)).or_default().decision = Some(Decision::of(row));
        }

        // Orders that were made and decided between the two reads are there by now.
        let missing = cases.iter().filter(|(_, case)| case.order.is_none()).map(|(id, _)| *id);
        let missing: Vec<Uuid> = missing.collect();
        for row in &self.orders.rows(ORDERS_OF, &[&missing]).await? {
            cases.entry(row.get(0)).or_default().order = Some(Order::of(row));
        }
        Ok((cases, last))
    }

    /// Whether all is well with these, and can't change any more.
    fn check(&mut self, cases: &BTreeMap<Uuid, Case>) -> bool {
        let findings = self.counts.findings;
        let patience = self.audit.patience;
        for (id, case) in cases {
            for rule in &RULES {
                let Check::Orders(what_is_wrong) = rule.check else { continue };
                if let Some(what) = what_is_wrong(case, patience) {
                    self.found(rule, id.to_string(), what);
                }
            }
        }
        let orders = || cases.values().filter_map(|case| case.order.as_ref());
        let decisions = || cases.values().filter_map(|case| case.decision.as_ref());
        self.counts.orders += orders().count() as u64;
        self.counts.finished += orders().filter(|order| order.status == "FINISHED").count() as u64;
        self.counts.decisions += decisions().count() as u64;
        self.counts.paid += decisions().filter(|decision| decision.reason.is_none()).count() as u64;
        self.counts.findings == findings && orders().all(Order::is_settled)
    }
}

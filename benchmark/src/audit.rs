//! Whether the money came out exact. A figure of a system that lost or doubled a kopeck is void.
//!
//! Three lists are compared, row by row: the orders that were answered 201, the orders database, and the debits in the
//! payments database. None of them is derived from another.

use std::pin::pin;

use futures_util::TryStreamExt;
use serde::Serialize;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::error::{Doing, Result};
use crate::tally::Accepted;

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Audit {
    /// Orders that were answered 201, in warm-up and window.
    pub(crate) accepted: u64,
    /// Requests, in warm-up and window, that may have created an order without a 201: no answer, or a 5xx.
    pub(crate) unclear: u64,
    pub(crate) orders: u64,
    pub(crate) finished: u64,
    pub(crate) debits: u64,
    pub(crate) credits_minor: i64,
    pub(crate) debits_minor: i64,
    pub(crate) balances_minor: i64,
    /// Everything that must not be, in sentences.
    pub(crate) faults: Vec<String>,
}

/// An order or a debit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    order_id: Uuid,
    user_id: Uuid,
    amount_minor: i64,
}

/// Compares everything that was accepted with everything that is stored.
pub(crate) async fn audit(
    orders: &Client,
    payments: &Client,
    accepted: &mut [Accepted],
    unclear: u64,
) -> Result<Audit> {
    let mut audit = Audit { accepted: accepted.len() as u64, unclear, ..Audit::default() };
    let mut stored = Vec::with_capacity(accepted.len());
    let mut finished = Vec::with_capacity(accepted.len());
    let mut others = 0;
    each_row(orders, "SELECT id, user_id, amount, status FROM orders", |row| {
        stored.push(entry(row));
        match row.get(3) {
            "FINISHED" => finished.push(entry(row)),
            _ => others += 1,
        }
    })
    .await?;
    let mut debits = Vec::with_capacity(accepted.len());
    let query = "SELECT reference_order_id, user_id, amount FROM transactions \
                 JOIN accounts ON accounts.id = account_id WHERE type = 'DEBIT'";
    each_row(payments, query, |row| debits.push(entry(row))).await?;

    (audit.orders, audit.finished, audit.debits) =
        (stored.len() as u64, finished.len() as u64, debits.len() as u64);
    audit.fault(others, "orders are not FINISHED, though there is money for all");
    audit.compare_with_accepted(accepted, &mut stored);
    audit.compare_with_debits(&mut finished, &mut debits);
    audit.compare_balances(payments).await?;
    Ok(audit)
}

impl Audit {
    fn fault(&mut self, count: u64, what: &str) {
        if count > 0 {
            self.faults.push(format!("{count} {what}"));
        }
    }

    fn compare_with_accepted(&mut self, accepted: &mut [Accepted], stored: &mut [Entry]) {
        accepted.sort_unstable();
        stored.sort_unstable();
        let key = |entry: &Entry| Accepted { id: entry.order_id, amount_minor: entry.amount_minor };
        let twice = accepted.windows(2).filter(|pair| pair[0].id == pair[1].id).count();
        self.fault(twice as u64, "orders were answered 201 twice");
        let lost = accepted.iter().filter(|order| stored.binary_search_by_key(*order, key).is_err()).count();
        self.fault(lost as u64, "orders were answered 201 and are not stored with their amount");
        let kept = accepted.len() as u64 - lost as u64;
        let unasked = (stored.len() as u64).saturating_sub(kept + self.unclear);
        self.fault(unasked, "orders are stored that no request can have created");
    }

    fn compare_with_debits(&mut self, finished: &mut [Entry], debits: &mut [Entry]) {
        finished.sort_unstable();
        debits.sort_unstable();
        let twice = debits.windows(2).filter(|pair| pair[0].order_id == pair[1].order_id).count();
        self.fault(twice as u64, "orders were debited twice");
        let unpaid = finished.iter().filter(|order| debits.binary_search(order).is_err()).count();
        self.fault(
            unpaid as u64,
            "orders are FINISHED without a debit of their amount from their user's account",
        );
        let unowed = debits.iter().filter(|debit| finished.binary_search(debit).is_err()).count();
        self.fault(unowed as u64, "debits are for no order that is FINISHED with their user and amount");
    }

    async fn compare_balances(&mut self, payments: &Client) -> Result<()> {
        let query = "
            SELECT count(*) FILTER (WHERE balance <> coalesce(credits, 0) - coalesce(debits, 0) OR balance < 0),
                   sum(balance)::bigint, sum(credits)::bigint, sum(debits)::bigint
            FROM accounts LEFT JOIN (
                SELECT account_id, sum(amount) FILTER (WHERE type = 'CREDIT') AS credits,
                       sum(amount) FILTER (WHERE type = 'DEBIT') AS debits
                FROM transactions GROUP BY account_id
            ) AS ledger ON account_id = accounts.id";
        let row = payments.query_one(query, &[]).await.doing("adding up the ledger")?;
        let sum = |column| row.get::<_, Option<i64>>(column).unwrap_or(0);
        (self.balances_minor, self.credits_minor, self.debits_minor) = (sum(1), sum(2), sum(3));
        self.fault(
            row.get::<_, i64>(0).cast_unsigned(),
            "accounts hold another balance than credits less debits",
        );
        if self.balances_minor != self.credits_minor - self.debits_minor {
            self.faults.push("all balances together are not all credits less all debits".into());
        }
        Ok(())
    }
}

fn entry(row: &Row) -> Entry {
    Entry { order_id: row.get(0), user_id: row.get(1), amount_minor: row.get(2) }
}

/// Row by row: there may be millions.
async fn each_row(client: &Client, query: &str, mut take: impl FnMut(&Row)) -> Result<()> {
    let rows = client.query_raw(query, std::iter::empty::<&str>()).await.doing("reading for the audit")?;
    let mut rows = pin!(rows);
    while let Some(row) = rows.try_next().await.doing("reading for the audit")? {
        take(&row);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u128, amount_minor: i64) -> Entry {
        Entry { order_id: Uuid::from_u128(number), user_id: Uuid::nil(), amount_minor }
    }

    fn accepted(number: u128, amount_minor: i64) -> Accepted {
        Accepted { id: Uuid::from_u128(number), amount_minor }
    }

    #[test]
    fn equal_lists_have_no_fault_in_any_order() {
        let mut audit = Audit::default();
        audit.compare_with_accepted(&mut [accepted(2, 5), accepted(1, 7)], &mut [entry(1, 7), entry(2, 5)]);
        audit.compare_with_debits(&mut [entry(2, 5), entry(1, 7)], &mut [entry(1, 7), entry(2, 5)]);
        assert_eq!(audit.faults, [""; 0]);
    }

    #[test]
    fn every_difference_is_a_fault() {
        let mut audit = Audit::default();
        audit.compare_with_accepted(&mut [accepted(1, 7), accepted(2, 5)], &mut [entry(2, 6), entry(3, 1)]);
        assert_eq!(audit.faults.len(), 2, "{:?}", audit.faults);
        for debits in
            [vec![], vec![entry(1, 8)], vec![entry(1, 7), entry(1, 7)], vec![entry(1, 7), entry(2, 7)]]
        {
            let mut audit = Audit::default();
            audit.compare_with_debits(&mut [entry(1, 7)], &mut debits.clone());
            assert!(!audit.faults.is_empty(), "{} debits", debits.len());
        }
    }

    #[test]
    fn an_order_without_a_201_is_a_fault_unless_a_request_may_have_created_it() {
        for (unclear, faults) in [(0, 1), (1, 0)] {
            let mut audit = Audit { unclear, ..Audit::default() };
            audit.compare_with_accepted(&mut [accepted(1, 7)], &mut [entry(1, 7), entry(2, 5)]);
            assert_eq!(audit.faults.len(), faults);
        }
    }
}

//! Whether the money came out exact. A figure of a system that lost or doubled a kopeck is void.
//!
//! Three lists are compared, row by row: the orders that were answered 201 and the orders database here, that and the
//! payments database by the audit that operators use. None of them is derived from another.

use std::pin::pin;

use ::audit::{Counts, Event};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use stack::Addresses;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use crate::error::{Doing, Error, Result};
use crate::tally::Accepted;

/// Violations that are shown. One is enough to make the figures void.
const MOST_FAULTS: usize = 20;

/// What was found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Audit {
    /// Orders that were answered 201, in warm-up and window.
    pub(crate) accepted: u64,
    /// Requests, in warm-up and window, that may have created an order without a 201: no answer, or a 5xx.
    pub(crate) unclear: u64,
    /// What the databases hold.
    pub(crate) stored: Counts,
    /// Everything that must not be, in sentences.
    pub(crate) faults: Vec<String>,
}

/// What is to be found in the databases.
pub(crate) struct Expected<'a> {
    /// In warm-up and window.
    pub(crate) accepted: &'a mut [Accepted],
    /// Requests that may have created an order without a 201.
    pub(crate) unclear: u64,
    /// Less than the id of every order of the run.
    pub(crate) first_order: Uuid,
    /// Orders that were FINISHED before the run.
    pub(crate) stored_before: u64,
    /// There was no money for any order of the run.
    pub(crate) declined: bool,
}

/// Compares everything that was accepted with everything that is stored. Every order is final by now.
pub(crate) async fn audit(addresses: &Addresses, orders: &Client, expected: Expected<'_>) -> Result<Audit> {
    let Expected { accepted, unclear, first_order, stored_before, declined } = expected;
    let Addresses { orders_database, payments_database, .. } = addresses;
    let mut audit = Audit { accepted: accepted.len() as u64, unclear, ..Audit::default() };
    let faults = &mut audit.faults;
    let report = |event: Event<'_>| match event {
        Event::Finding(finding) if faults.len() < MOST_FAULTS => faults.push(finding.to_string()),
        _ => {}
    };
    let stored = ::audit::Audit::of(orders_database, payments_database).run(None, report).await;
    audit.stored = stored.map_err(|error| Error::Other(error.to_string()))?;
    match declined {
        true => audit.fault(
            audit.stored.finished - stored_before,
            "orders are FINISHED, though there is money for none",
        ),
        false => {
            let others = audit.stored.orders - audit.stored.finished;
            audit.fault(others, "orders are not FINISHED, though there is money for all");
        }
    }

    let mut stored = Vec::with_capacity(accepted.len());
    each_row(orders, "SELECT id, amount FROM orders WHERE id >= $1", first_order, |row| {
        stored.push(Accepted { id: row.get(0), amount_minor: row.get(1) });
    })
    .await?;
    audit.compare(accepted, &mut stored);
    Ok(audit)
}

impl Audit {
    fn fault(&mut self, count: u64, what: &str) {
        if count > 0 {
            self.faults.push(format!("{count} {what}"));
        }
    }

    fn compare(&mut self, accepted: &mut [Accepted], stored: &mut [Accepted]) {
        accepted.sort_unstable();
        stored.sort_unstable();
        let twice = accepted.windows(2).filter(|pair| pair[0].id == pair[1].id).count();
        self.fault(twice as u64, "orders were answered 201 twice");
        let lost = accepted.iter().filter(|order| stored.binary_search(order).is_err()).count();
        self.fault(lost as u64, "orders were answered 201 and are not stored with their amount");
        let kept = accepted.len() as u64 - lost as u64;
        let unasked = (stored.len() as u64).saturating_sub(kept + self.unclear);
        self.fault(unasked, "orders are stored that no request can have created");
    }
}

/// Row by row: there may be millions.
async fn each_row(client: &Client, query: &str, from: Uuid, mut take: impl FnMut(&Row)) -> Result<()> {
    let rows = client.query_raw(query, [from]).await.doing("reading for the audit")?;
    let mut rows = pin!(rows);
    while let Some(row) = rows.try_next().await.doing("reading for the audit")? {
        take(&row);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(number: u128, amount_minor: i64) -> Accepted {
        Accepted { id: Uuid::from_u128(number), amount_minor }
    }

    #[test]
    fn equal_lists_have_no_fault_in_any_order() {
        let mut audit = Audit::default();
        audit.compare(&mut [order(2, 5), order(1, 7)], &mut [order(1, 7), order(2, 5)]);
        assert_eq!(audit.faults, [""; 0]);
    }

    #[test]
    fn every_difference_is_a_fault() {
        let mut audit = Audit::default();
        audit.compare(&mut [order(1, 7), order(2, 5)], &mut [order(2, 6), order(3, 1)]);
        assert_eq!(audit.faults.len(), 2, "{:?}", audit.faults);
    }

    #[test]
    fn an_order_without_a_201_is_a_fault_unless_a_request_may_have_created_it() {
        for (unclear, faults) in [(0, 1), (1, 0)] {
            let mut audit = Audit { unclear, ..Audit::default() };
            audit.compare(&mut [order(1, 7)], &mut [order(1, 7), order(2, 5)]);
            assert_eq!(audit.faults.len(), faults);
        }
    }
}

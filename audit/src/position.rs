//! How far an audit has come.

use serde::{Deserialize, Serialize};
use tokio_postgres::types::{FromSqlOwned, ToSql};
use uuid::Uuid;

/// Where an audit goes on: what comes before has been checked and can't change any more.
///
/// It never passes a violation, nor an order that is not final, so whatever is wrong is found again by every audit until
/// it is mended. It belongs to two databases, and is of no effect on others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Which databases these are.
    pub(crate) databases: [String; 2],
    /// The first account to check. Balances change for ever: a complete audit begins anew here.
    pub(crate) account: Uuid,
    /// The first ledger entry to check.
    pub(crate) entry: i64,
    /// The first order, or decision, to check.
    pub(crate) order: Uuid,
}

impl Position {
    /// The beginning, for these databases.
    pub(crate) fn beginning(databases: [String; 2]) -> Self {
        Self { databases, account: Uuid::FIRST, entry: i64::FIRST, order: Uuid::FIRST }
    }
}

/// A primary key that is read in order.
pub(crate) trait Key: Copy + Ord + ToSql + FromSqlOwned + Sync {
    /// The smallest there can be.
    const FIRST: Self;
    /// The largest there can be.
    const LAST: Self;

    /// The next larger one.
    fn next(self) -> Option<Self>;
}

impl Key for Uuid {
    const FIRST: Self = Uuid::nil();
    const LAST: Self = Uuid::max();

    fn next(self) -> Option<Self> {
        self.as_u128().checked_add(1).map(Uuid::from_u128)
    }
}

impl Key for i64 {
    const FIRST: Self = i64::MIN;
    const LAST: Self = i64::MAX;

    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

//! Accounts and their ledger, as the API needs them.

use chrono::{DateTime, SubsecRound, Utc};
use contracts::Amount;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use messaging::{crash_point, mutant};
use serde::Serialize;
use uuid::Uuid;

use super::schema::{accounts, transactions};
use crate::domain::{AccountChange, MAX_BALANCE_MINOR};

/// An account as the API shows it.
#[derive(Debug, Clone, Serialize, Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(crate) struct Account {
    #[diesel(column_name = id)]
    pub bill_id: Uuid,
    pub user_id: Uuid,
    /// Minor units (kopecks).
    pub balance: i64,
    /// How many entries its ledger has.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<&Account> for AccountChange {
    fn from(account: &Account) -> Self {
        let Account { bill_id, user_id, balance, version, updated_at, .. } = *account;
        Self { bill_id, user_id, balance, version, updated_at }
    }
}

/// A ledger entry as the API shows it.
#[derive(Debug, Serialize, Queryable, Selectable)]
#[diesel(table_name = transactions)]
pub(crate) struct Entry {
    pub id: i64,
    /// `CREDIT` or `DEBIT`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Minor units (kopecks).
    pub amount: i64,
    /// The order that was paid, or paid back.
    #[serde(rename = "order_id")]
    pub reference_order_id: Option<Uuid>,
    /// Minor units (kopecks).
    pub balance_after: i64,
    /// The how manieth entry of its account it is.
    #[serde(skip)]
    pub version: i64,
    pub created_at: DateTime<Utc>,
}

/// What came of opening an account.
pub(crate) enum Opening {
    Opened(Account),
    /// The same key opened it before: the first answer again.
    Replayed(Account),
    /// The user has an account, this one.
    Exists(Uuid),
}

/// What came of a deposit.
pub(crate) enum Deposit {
    Done(Account),
    /// The same key deposited the same before: the first answer again.
    Replayed(Account),
    /// The key deposited something else before.
    KeyReused,
    NoAccount,
    /// The balance would pass its limit.
    LimitExceeded,
}

/// Opens the user's one account.
pub(crate) async fn open_account(
    conn: &mut AsyncPgConnection,
    user: Uuid,
    key: Option<&str>,
) -> QueryResult<Opening> {
    // Read to the end, which comes with the commit. A server that is shut down at once sends the row that it had ready
    // before it has committed, and `get_result` would be content with that.
    let opened: Vec<Account> = diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(Uuid::now_v7()),
            accounts::user_id.eq(user),
            accounts::idempotency_key.eq(key),
        ))
        .on_conflict(accounts::user_id)
        .do_nothing()
        .returning(Account::as_returning())
        .get_results(conn)
        .await?;
    if let Some(account) = opened.into_iter().next() {
        return Ok(Opening::Opened(account));
    }
    let (account, first_key): (Account, Option<String>) = accounts::table
        .filter(accounts::user_id.eq(user))
        .select((Account::as_select(), accounts::idempotency_key))
        .first(conn)
        .await?;
    if key.is_some() && key == first_key.as_deref() {
        let as_opened = Account { balance: 0, version: 0, updated_at: account.created_at, ..account };
        return Ok(Opening::Replayed(as_opened));
    }
    Ok(Opening::Exists(account.bill_id))
}

/// Adds `amount` to the account and to its ledger. Must run in a transaction.
pub(crate) async fn deposit(
    conn: &mut AsyncPgConnection,
    bill: Uuid,
    amount: Amount,
    key: Option<&str>,
) -> QueryResult<Deposit> {
    // The lock comes first: a twin with the same key waits here, and then finds what the first one stored.
    let locked: Option<Account> = accounts::table
        .find(bill)
        .select(Account::as_select())
        .for_no_key_update()
        .first(conn)
        .await
        .optional()?;
    let Some(account) = locked else {
        return Ok(Deposit::NoAccount);
    };
    if let Some(earlier) = deposited_with(conn, bill, key).await? {
        if earlier.amount != amount.minor() {
            return Ok(Deposit::KeyReused);
        }
        let Entry { balance_after: balance, version, created_at: updated_at, .. } = earlier;
        return Ok(Deposit::Replayed(Account { balance, version, updated_at, ..account }));
    }
    // Taken under the lock, so that an account's entries are in the order of their times.
    let now = Utc::now().trunc_subsecs(6);
    let balance = account.balance + amount.minor();
    if balance > MAX_BALANCE_MINOR {
        return Ok(Deposit::LimitExceeded);
    }
    diesel::insert_into(transactions::table)
        .values((
            transactions::account_id.eq(bill),
            transactions::amount.eq(amount.minor()),
            transactions::kind.eq("CREDIT"),
            transactions::balance_after.eq(balance),
            transactions::version.eq(account.version + 1),
            transactions::created_at.eq(now),
            transactions::idempotency_key.eq(key.filter(|_| !mutant!("deposit-key-ignored"))),
        ))
        .execute(conn)
        .await?;
    let account = diesel::update(accounts::table.find(bill))
        .set((
            accounts::balance.eq(balance),
            accounts::version.eq(account.version + 1),
            accounts::updated_at.eq(now),
        ))
        .returning(Account::as_returning())
        .get_result(conn)
        .await?;
    crash_point!("deposit.recorded");
    Ok(Deposit::Done(account))
}

async fn deposited_with(
    conn: &mut AsyncPgConnection,
    bill: Uuid,
    key: Option<&str>,
) -> QueryResult<Option<Entry>> {
    let Some(key) = key.filter(|_| !mutant!("deposit-key-ignored")) else {
        return Ok(None);
    };
    transactions::table
        .filter(transactions::account_id.eq(bill))
        .filter(transactions::idempotency_key.eq(key))
        .select(Entry::as_select())
        .first(conn)
        .await
        .optional()
}

/// The account with this id.
pub(crate) async fn account_with(conn: &mut AsyncPgConnection, bill: Uuid) -> QueryResult<Option<Account>> {
    let account = accounts::table.find(bill).select(Account::as_select());
    account.first(conn).await.optional()
}

/// The account of this user.
pub(crate) async fn account_of(conn: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Option<Account>> {
    let account = accounts::table.filter(accounts::user_id.eq(user));
    account.select(Account::as_select()).first(conn).await.optional()
}

/// Ledger entries of an account that are older than entry `after`, newest first; `None` if there is no account.
pub(crate) async fn entries(
    conn: &mut AsyncPgConnection,
    bill: Uuid,
    after: Option<i64>,
    limit: i64,
) -> QueryResult<Option<Vec<Entry>>> {
    if account_with(conn, bill).await?.is_none() {
        return Ok(None);
    }
    let entries = transactions::table
        .filter(transactions::account_id.eq(bill))
        .filter(transactions::id.lt(after.unwrap_or(i64::MAX)))
        .order(transactions::id.desc())
        .limit(limit)
        .select(Entry::as_select())
        .load(conn)
        .await?;
    Ok(Some(entries))
}

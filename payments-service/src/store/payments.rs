//! Decisions and debits, a whole batch at a time.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contracts::Amount;
use contracts::events::FailureReason;
use diesel::QueryResult;
use diesel::result::Error::DeserializationError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use messaging::mutant;
use uuid::Uuid;

use crate::domain::{Debit, Decision, LockedAccount, Request};

/// The decisions that exist already about these orders, by order.
pub(crate) async fn decisions_of(
    conn: &mut AsyncPgConnection,
    orders: &Vec<Uuid>,
) -> QueryResult<HashMap<Uuid, Decision>> {
    if mutant!("no-decision-guard") {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, Uuid, i64, Option<String>, DateTime<Utc>)> =
        DecisionsOf { orders }.load(conn).await?;
    rows.into_iter()
        .map(|(order_id, user_id, minor, reason, decided_at)| {
            let amount = Amount::try_from(minor).map_err(|error| DeserializationError(error.into()))?;
            let outcome = match reason {
                None => Ok(()),
                Some(name) => Err(reason_named(&name)?),
            };
            let request = Request { order_id, user_id, amount };
            Ok((order_id, Decision { request, outcome, decided_at }))
        })
        .collect()
}

fn reason_named(name: &str) -> QueryResult<FailureReason> {
    [FailureReason::AccountNotFound, FailureReason::InsufficientFunds]
        .into_iter()
        .find(|reason| reason.as_str() == name)
        .ok_or_else(|| DeserializationError(format!("unknown reason {name:?}").into()))
}

/// Locks these users' accounts, in one order for everybody, and returns those that exist, by user.
pub(crate) async fn lock_accounts(
    conn: &mut AsyncPgConnection,
    users: &Vec<Uuid>,
) -> QueryResult<HashMap<Uuid, LockedAccount>> {
    let rows: Vec<(Uuid, Uuid, i64)> = if mutant!("no-account-locks") {
        ReadAccounts { users }.load(conn).await?
    } else {
        LockAccounts { users }.load(conn).await?
    };
    let accounts = rows
        .into_iter()
        .map(|(id, user_id, balance_minor)| (user_id, LockedAccount { id, user_id, balance_minor }));
    Ok(accounts.collect())
}

/// Writes decisions, debits and the new balances of the accounts that were debited, at `now`.
///
/// # Errors
/// A unique violation if another transaction decided one of these orders meanwhile: start again, and its
/// decision is found.
pub(crate) async fn record(
    conn: &mut AsyncPgConnection,
    decisions: &[Decision],
    debits: &[Debit],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    RecordDecisions {
        orders: &decisions.iter().map(|decision| decision.request.order_id).collect(),
        users: &decisions.iter().map(|decision| decision.request.user_id).collect(),
        amounts: &decisions.iter().map(|decision| decision.request.amount.minor()).collect(),
        reasons: &decisions
            .iter()
            .map(|decision| decision.outcome.err().map(FailureReason::as_str))
            .collect(),
        decided_at: &decisions.iter().map(|decision| decision.decided_at).collect(),
    }
    .execute(conn)
    .await?;
    if debits.is_empty() {
        return Ok(());
    }
    RecordDebits {
        accounts: &debits.iter().map(|debit| debit.account_id).collect(),
        amounts: &debits.iter().map(|debit| debit.amount.minor()).collect(),
        orders: &debits.iter().map(|debit| debit.order_id).collect(),
        balances_after: &debits.iter().map(|debit| debit.balance_after_minor).collect(),
        now: &now,
    }
    .execute(conn)
    .await?;
    // Of several debits to an account, the last one tells its balance.
    let balances: HashMap<Uuid, i64> =
        debits.iter().map(|debit| (debit.account_id, debit.balance_after_minor)).collect();
    let accounts: Vec<Uuid> = balances.keys().copied().collect();
    SetBalances {
        now: &now,
        accounts: &accounts,
        balances: &balances.values().copied().collect(),
        keys: &accounts,
    }
    .execute(conn)
    .await?;
    Ok(())
}

messaging::statement! {
    struct DecisionsOf { orders: Vec<uuid::Uuid> => Array<Uuid> }
        -> (Uuid, Uuid, BigInt, Nullable<Text>, Timestamptz)
    "-- payments_decisions_of
     SELECT order_id, user_id, amount, reason, decided_at FROM payments WHERE order_id = ANY ({orders})"
}

messaging::statement! {
    struct LockAccounts { users: Vec<uuid::Uuid> => Array<Uuid> } -> (Uuid, Uuid, BigInt)
    "-- payments_lock_accounts
     SELECT id, user_id, balance FROM accounts WHERE user_id = ANY ({users})
     ORDER BY user_id FOR NO KEY UPDATE"
}

messaging::statement! {
    // What a fault suite puts in the place of the statement above, to see that the locks are needed.
    struct ReadAccounts { users: Vec<uuid::Uuid> => Array<Uuid> } -> (Uuid, Uuid, BigInt)
    "-- payments_read_accounts
     SELECT id, user_id, balance FROM accounts WHERE user_id = ANY ({users}) ORDER BY user_id"
}

messaging::statement! {
    struct RecordDecisions {
        orders: Vec<uuid::Uuid> => Array<Uuid>,
        users: Vec<uuid::Uuid> => Array<Uuid>,
        amounts: Vec<i64> => Array<BigInt>,
        reasons: Vec<Option<&'static str>> => Array<Nullable<Text>>,
        decided_at: Vec<DateTime<Utc>> => Array<Timestamptz>,
    } -> ()
    "-- payments_record_decisions
     INSERT INTO payments (order_id, user_id, amount, outcome, reason, decided_at)
     SELECT order_id, user_id, amount,
            CASE WHEN reason IS NULL THEN 'SUCCEEDED' ELSE 'FAILED' END, reason, decided_at
     FROM unnest({orders}, {users}, {amounts}, {reasons}, {decided_at})
          AS decision (order_id, user_id, amount, reason, decided_at)"
}

messaging::statement! {
    struct RecordDebits {
        accounts: Vec<uuid::Uuid> => Array<Uuid>,
        amounts: Vec<i64> => Array<BigInt>,
        orders: Vec<uuid::Uuid> => Array<Uuid>,
        balances_after: Vec<i64> => Array<BigInt>,
        now: DateTime<Utc> => Timestamptz,
    } -> ()
    "-- payments_record_debits
     WITH debit AS (
         SELECT * FROM unnest({accounts}, {amounts}, {orders}, {balances_after})
             AS debit (account_id, amount, order_id, balance_after)
     )
     INSERT INTO transactions (account_id, amount, type, reference_order_id, balance_after, created_at)
     SELECT account_id, amount, 'DEBIT', order_id, balance_after, {now} FROM debit"
}

messaging::statement! {
    // The keys are given twice: the array finds the rows by index, the join gives each its balance.
    struct SetBalances {
        now: DateTime<Utc> => Timestamptz,
        accounts: Vec<uuid::Uuid> => Array<Uuid>,
        balances: Vec<i64> => Array<BigInt>,
        keys: Vec<uuid::Uuid> => Array<Uuid>,
    } -> ()
    "-- payments_set_balances
     UPDATE accounts SET balance = new.balance, version = version + 1, updated_at = {now}
     FROM unnest({accounts}, {balances}) AS new (id, balance)
     WHERE accounts.id = new.id AND accounts.id = ANY ({keys})"
}

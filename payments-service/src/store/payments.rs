//! Decisions and debits, a whole batch at a time.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contracts::Amount;
use contracts::events::FailureReason;
use diesel::QueryResult;
use diesel::result::Error::DeserializationError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use messaging::mutant;
use messaging::outbox::{self, Message, Row};
use tokio::try_join;
use uuid::Uuid;

use crate::domain::{Book, Decision, Entry, LockedAccount, Order, Request, Wants};

/// What is known of the orders and users that `requests` speak of: decisions and refunds that exist already, and accounts,
/// which are locked, in one order for everybody.
///
/// One round trip, so that an account is locked also for a request that will not touch it.
pub(crate) async fn read<'a>(
    conn: &AsyncPgConnection,
    requests: impl Iterator<Item = &'a Request> + Clone,
) -> QueryResult<Book> {
    let orders = requests.clone().map(|request| request.order.id).collect();
    let users = requests.clone().map(|request| request.order.user_id).collect();
    let cancelled = requests.filter(|request| request.wants == Wants::Cancellation);
    let cancelled = cancelled.map(|request| request.order.id).collect();
    let (decisions, refunds, accounts) =
        try_join!(decisions_of(conn, &orders), refunds_of(conn, &cancelled), lock_accounts(conn, &users))?;
    Ok(Book { decisions, refunds, accounts })
}

async fn decisions_of(
    mut conn: &AsyncPgConnection,
    orders: &Vec<Uuid>,
) -> QueryResult<HashMap<Uuid, Decision>> {
    if orders.is_empty() || mutant!("no-decision-guard") {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, Uuid, i64, Option<String>, DateTime<Utc>)> =
        DecisionsOf { orders }.load(&mut conn).await?;
    rows.into_iter()
        .map(|(order_id, user_id, minor, reason, decided_at)| {
            let amount = Amount::try_from(minor).map_err(|error| DeserializationError(error.into()))?;
            let outcome = match reason {
                None => Ok(()),
                Some(name) => Err(reason_named(&name)?),
            };
            let order = Order { id: order_id, user_id, amount };
            Ok((order_id, Decision { order, outcome, decided_at }))
        })
        .collect()
}

fn reason_named(name: &str) -> QueryResult<FailureReason> {
    FailureReason::ALL
        .into_iter()
        .find(|reason| reason.as_str() == name)
        .ok_or_else(|| DeserializationError(format!("unknown reason {name:?}").into()))
}

async fn refunds_of(
    mut conn: &AsyncPgConnection,
    orders: &Vec<Uuid>,
) -> QueryResult<HashMap<Uuid, DateTime<Utc>>> {
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, DateTime<Utc>)> = RefundsOf { orders }.load(&mut conn).await?;
    Ok(rows.into_iter().collect())
}

async fn lock_accounts(
    mut conn: &AsyncPgConnection,
    users: &Vec<Uuid>,
) -> QueryResult<HashMap<Uuid, LockedAccount>> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, Uuid, i64, i64)> = if mutant!("no-account-locks") {
        ReadAccounts { users }.load(&mut conn).await?
    } else {
        LockAccounts { users }.load(&mut conn).await?
    };
    let accounts = rows.into_iter().map(|(id, user_id, balance_minor, version)| {
        (user_id, LockedAccount { id, user_id, balance_minor, version })
    });
    Ok(accounts.collect())
}

/// Writes what was decided at `now`: decisions, ledger entries, the balances that they lead to, and answers; those are
/// returned with their places in the outbox. One round trip.
///
/// # Errors
/// A unique violation if another transaction decided or paid back one of these orders meanwhile: start again, and that
/// is found.
pub(crate) async fn write(
    conn: &AsyncPgConnection,
    decisions: &[Decision],
    entries: &[Entry],
    answers: Vec<Message>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Row>> {
    let (_, _, _, enqueued) = try_join!(
        record_decisions(conn, decisions),
        record_entries(conn, entries, now),
        set_balances(conn, entries, now),
        outbox::enqueue(conn, answers),
    )?;
    Ok(enqueued)
}

async fn record_decisions(mut conn: &AsyncPgConnection, decisions: &[Decision]) -> QueryResult<usize> {
    if decisions.is_empty() {
        return Ok(0);
    }
    RecordDecisions {
        orders: &decisions.iter().map(|decision| decision.order.id).collect(),
        users: &decisions.iter().map(|decision| decision.order.user_id).collect(),
        amounts: &decisions.iter().map(|decision| decision.order.amount.minor()).collect(),
        reasons: &decisions
            .iter()
            .map(|decision| decision.outcome.err().map(FailureReason::as_str))
            .collect(),
        decided_at: &decisions.iter().map(|decision| decision.decided_at).collect(),
    }
    .execute(&mut conn)
    .await
}

async fn record_entries(
    mut conn: &AsyncPgConnection,
    entries: &[Entry],
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    if entries.is_empty() {
        return Ok(0);
    }
    RecordEntries {
        accounts: &entries.iter().map(|entry| entry.account_id).collect(),
        amounts: &entries.iter().map(|entry| entry.amount.minor()).collect(),
        directions: &entries.iter().map(|entry| entry.direction.as_str()).collect(),
        orders: &entries.iter().map(|entry| entry.order_id).collect(),
        balances_after: &entries.iter().map(|entry| entry.balance_after_minor).collect(),
        versions: &entries.iter().map(|entry| entry.version).collect(),
        now: &now,
    }
    .execute(&mut conn)
    .await
}

async fn set_balances(
    mut conn: &AsyncPgConnection,
    entries: &[Entry],
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    if entries.is_empty() {
        return Ok(0);
    }
    // Of several entries of an account, the last one tells its balance.
    let last: HashMap<Uuid, &Entry> = entries.iter().map(|entry| (entry.account_id, entry)).collect();
    let accounts: Vec<Uuid> = last.keys().copied().collect();
    SetBalances {
        now: &now,
        accounts: &accounts,
        balances: &last.values().map(|entry| entry.balance_after_minor).collect(),
        versions: &last.values().map(|entry| entry.version).collect(),
        keys: &accounts,
    }
    .execute(&mut conn)
    .await
}

messaging::statement! {
    struct RefundsOf { orders: Vec<uuid::Uuid> => Array<Uuid> } -> (Uuid, Timestamptz)
    "-- payments_refunds_of
     SELECT reference_order_id, created_at FROM transactions
     WHERE type = 'CREDIT' AND reference_order_id = ANY ({orders})"
}

messaging::statement! {
    struct DecisionsOf { orders: Vec<uuid::Uuid> => Array<Uuid> }
        -> (Uuid, Uuid, BigInt, Nullable<Text>, Timestamptz)
    "-- payments_decisions_of
     SELECT order_id, user_id, amount, reason, decided_at FROM payments WHERE order_id = ANY ({orders})"
}

messaging::statement! {
    struct LockAccounts { users: Vec<uuid::Uuid> => Array<Uuid> } -> (Uuid, Uuid, BigInt, BigInt)
    "-- payments_lock_accounts
     SELECT id, user_id, balance, version FROM accounts WHERE user_id = ANY ({users})
     ORDER BY user_id FOR NO KEY UPDATE"
}

messaging::statement! {
    // What a fault suite puts in the place of the statement above, to see that the locks are needed.
    struct ReadAccounts { users: Vec<uuid::Uuid> => Array<Uuid> } -> (Uuid, Uuid, BigInt, BigInt)
    "-- payments_read_accounts
     SELECT id, user_id, balance, version FROM accounts WHERE user_id = ANY ({users}) ORDER BY user_id"
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
    struct RecordEntries {
        now: DateTime<Utc> => Timestamptz,
        accounts: Vec<uuid::Uuid> => Array<Uuid>,
        amounts: Vec<i64> => Array<BigInt>,
        directions: Vec<&'static str> => Array<Text>,
        orders: Vec<uuid::Uuid> => Array<Uuid>,
        balances_after: Vec<i64> => Array<BigInt>,
        versions: Vec<i64> => Array<BigInt>,
    } -> ()
    "-- payments_record_entries
     INSERT INTO transactions
         (created_at, account_id, amount, type, reference_order_id, balance_after, version)
     SELECT {now}, * FROM unnest({accounts}, {amounts}, {directions}, {orders}, {balances_after}, {versions})"
}

messaging::statement! {
    // The keys are given twice: the array finds the rows by index, the join gives each its balance.
    struct SetBalances {
        now: DateTime<Utc> => Timestamptz,
        accounts: Vec<uuid::Uuid> => Array<Uuid>,
        balances: Vec<i64> => Array<BigInt>,
        versions: Vec<i64> => Array<BigInt>,
        keys: Vec<uuid::Uuid> => Array<Uuid>,
    } -> ()
    "-- payments_set_balances
     UPDATE accounts SET balance = new.balance, version = new.version, updated_at = {now}
     FROM unnest({accounts}, {balances}, {versions}) AS new (id, balance, version)
     WHERE accounts.id = new.id AND accounts.id = ANY ({keys})"
}

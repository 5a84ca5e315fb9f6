//! Settling orders, a batch per outcome.

use std::collections::{HashMap, HashSet};

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use messaging::mutant;
use uuid::Uuid;

use crate::domain::{Outcome, PaymentResult, settled};

/// An order as far as a payment's result is concerned.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub user_id: Uuid,
    pub amount_minor: i64,
    pub status: String,
    pub cancel_reason: Option<String>,
}

/// Settles the orders of `results`, which all have this `outcome`, and returns those that were NEW until now and
/// agree in user and amount. Whatever is not returned is left as it was.
pub(crate) async fn settle(
    conn: &mut AsyncPgConnection,
    outcome: Outcome,
    results: &[&PaymentResult],
) -> QueryResult<HashSet<Uuid>> {
    let (status, reason) = settled(outcome);
    let orders: Vec<Uuid> = results.iter().map(|result| result.order_id).collect();
    if mutant!("settled-orders-reopened") {
        Reopen { orders: &orders }.execute(conn).await?;
    }
    let rows: Vec<(Uuid,)> = Settle {
        status,
        reason: &reason,
        orders: &orders,
        keys: &orders,
        users: &results.iter().map(|result| result.user_id).collect(),
        amounts: &results.iter().map(|result| result.amount.minor()).collect(),
    }
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// How these orders stand, those that exist.
pub(crate) async fn standings(
    conn: &mut AsyncPgConnection,
    orders: &Vec<Uuid>,
) -> QueryResult<HashMap<Uuid, Standing>> {
    let rows: Vec<(Uuid, Uuid, i64, String, Option<String>)> = Standings { orders }.load(conn).await?;
    let standings = rows.into_iter().map(|(id, user_id, amount_minor, status, cancel_reason)| {
        (id, Standing { user_id, amount_minor, status, cancel_reason })
    });
    Ok(standings.collect())
}

messaging::statement! {
    // The ids are given twice: the array finds the rows by index, the join checks what the result says of them.
    struct Settle {
        status: str => Text,
        reason: Option<&'static str> => Nullable<Text>,
        orders: Vec<uuid::Uuid> => Array<Uuid>,
        users: Vec<uuid::Uuid> => Array<Uuid>,
        amounts: Vec<i64> => Array<BigInt>,
        keys: Vec<uuid::Uuid> => Array<Uuid>,
    } -> (Uuid,)
    "-- orders_settle
     UPDATE orders SET status = {status}, cancel_reason = {reason}, updated_at = now()
     FROM unnest({orders}, {users}, {amounts}) AS result (id, user_id, amount)
     WHERE orders.id = ANY ({keys}) AND orders.status = 'NEW'
       AND orders.id = result.id AND orders.user_id = result.user_id AND orders.amount = result.amount
     RETURNING orders.id"
}

messaging::statement! {
    // What a fault suite does first, to see that it matters that settled orders stay as they are.
    struct Reopen { orders: Vec<uuid::Uuid> => Array<Uuid> } -> ()
    "-- orders_reopen
     UPDATE orders SET status = 'NEW', cancel_reason = NULL WHERE id = ANY ({orders})"
}

messaging::statement! {
    struct Standings { orders: Vec<uuid::Uuid> => Array<Uuid> } -> (Uuid, Uuid, BigInt, Text, Nullable<Text>)
    "-- orders_standings
     SELECT id, user_id, amount, status, cancel_reason FROM orders WHERE id = ANY ({orders})"
}

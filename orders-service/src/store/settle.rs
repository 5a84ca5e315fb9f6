//! Settling orders, a batch per verdict.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use messaging::{mutant, only_within};
use tokio::try_join;
use uuid::Uuid;

use crate::domain::{OrderChange, PaymentResult, Standing, Verdict};

/// An order's id, when it was settled, and whether it had been asked to be cancelled.
type Settled = (Uuid, DateTime<Utc>, bool);

/// Settles the orders of `results`, of which each has one result here, and returns how those stand that changed. An
/// order changes if it agrees in user and amount and waits for such a result: for the first one while it is NEW, for a
/// refund until it is shipped. Whatever is not returned is left as it was.
///
/// One round trip, which may be the transaction's first.
pub(crate) async fn settle(
    mut conn: &AsyncPgConnection,
    results: &[&PaymentResult],
) -> QueryResult<Vec<OrderChange>> {
    if mutant!("settled-orders-reopened") {
        let orders = results.iter().map(|result| result.order_id).collect();
        Reopen { orders: &orders }.execute(&mut conn).await?;
    }
    let (mut paid, mut refused, mut refunded) = (Columns::default(), Columns::default(), Columns::default());
    let (mut reasons, mut refunded_at) = (Vec::new(), Vec::new());
    for result in results {
        match result.verdict {
            Verdict::Paid => paid.push(result),
            Verdict::Refused(reason) => {
                refused.push(result);
                reasons.push(reason.as_str());
            }
            Verdict::Refunded { at } => {
                refunded.push(result);
                refunded_at.push(at);
            }
        }
    }
    let (paid, refused, refunded) = try_join!(
        finish(conn, &paid),
        refuse(conn, &refused, &reasons),
        refund(conn, &refunded, &refunded_at)
    )?;
    let results: HashMap<Uuid, &PaymentResult> =
        results.iter().map(|result| (result.order_id, *result)).collect();
    let change = |(id, at, cancel_requested)| OrderChange::settled(results[&id], at, cancel_requested);
    Ok([paid, refused, refunded].into_iter().flatten().map(change).collect())
}

async fn finish(mut conn: &AsyncPgConnection, paid: &Columns) -> QueryResult<Vec<Settled>> {
    let Columns { orders, users, amounts, decided_at } = paid;
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    Finish { orders, users, amounts, decided_at, keys: orders }.load(&mut conn).await
}

async fn refuse(
    mut conn: &AsyncPgConnection,
    refused: &Columns,
    reasons: &Vec<&'static str>,
) -> QueryResult<Vec<Settled>> {
    let Columns { orders, users, amounts, decided_at } = refused;
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    Refuse { orders, users, amounts, reasons, decided_at, keys: orders }.load(&mut conn).await
}

async fn refund(
    mut conn: &AsyncPgConnection,
    refunded: &Columns,
    refunded_at: &Vec<Option<DateTime<Utc>>>,
) -> QueryResult<Vec<Settled>> {
    let Columns { orders, users, amounts, decided_at } = refunded;
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    Refund { orders, users, amounts, decided_at, refunded_at, keys: orders }.load(&mut conn).await
}

/// What the statements ask of results, a column each.
#[derive(Default)]
struct Columns {
    orders: Vec<Uuid>,
    users: Vec<Uuid>,
    amounts: Vec<i64>,
    decided_at: Vec<Option<DateTime<Utc>>>,
}

impl Columns {
    fn push(&mut self, result: &PaymentResult) {
        self.orders.push(result.order_id);
        self.users.push(result.user_id);
        self.amounts.push(result.amount.minor());
        self.decided_at.push(result.decided_at);
    }
}

/// How these orders stand, those that exist.
pub(crate) async fn standings(
    conn: &mut AsyncPgConnection,
    orders: &Vec<Uuid>,
) -> QueryResult<HashMap<Uuid, Standing>> {
    let rows: Vec<(Uuid, Uuid, i64, String, Option<String>, bool)> = Standings { orders }.load(conn).await?;
    let standings =
        rows.into_iter().map(|(id, user_id, amount_minor, status, cancel_reason, cancel_requested)| {
            (id, Standing { user_id, amount_minor, status, cancel_reason, cancel_requested })
        });
    Ok(standings.collect())
}

messaging::statement! {
    // The ids are given twice: the array finds the rows by index, the join checks what the result says of them.
    struct Finish {
        orders: Vec<uuid::Uuid> => Array<Uuid>,
        users: Vec<uuid::Uuid> => Array<Uuid>,
        amounts: Vec<i64> => Array<BigInt>,
        decided_at: Vec<Option<DateTime<Utc>>> => Array<Nullable<Timestamptz>>,
        keys: Vec<uuid::Uuid> => Array<Uuid>,
    } -> (Uuid, Timestamptz, Bool)
    concat!(
        "-- orders_finish
         WITH finished AS (
             UPDATE orders SET status = 'FINISHED', delivery_status = 'PENDING', decided_at = result.decided_at,
                    settled_at = now(), updated_at = now()
             FROM unnest({orders}, {users}, {amounts}, {decided_at}) AS result (id, user_id, amount, decided_at)
             WHERE ",
        only_within!(),
        " AND orders.id = ANY ({keys}) AND orders.status = 'NEW'
               AND orders.id = result.id AND orders.user_id = result.user_id AND orders.amount = result.amount
             RETURNING orders.id, orders.updated_at, orders.cancel_requested_at IS NOT NULL
         ), to_deliver AS (
             INSERT INTO deliveries (order_id) SELECT id FROM finished
         )
         SELECT * FROM finished"
    )
}

messaging::statement! {
    struct Refuse {
        orders: Vec<uuid::Uuid> => Array<Uuid>,
        users: Vec<uuid::Uuid> => Array<Uuid>,
        amounts: Vec<i64> => Array<BigInt>,
        reasons: Vec<&'static str> => Array<Text>,
        decided_at: Vec<Option<DateTime<Utc>>> => Array<Nullable<Timestamptz>>,
        keys: Vec<uuid::Uuid> => Array<Uuid>,
    } -> (Uuid, Timestamptz, Bool)
    concat!(
        "-- orders_refuse
         UPDATE orders SET status = 'CANCELLED', cancel_reason = result.reason, decided_at = result.decided_at,
                settled_at = now(), updated_at = now()
         FROM unnest({orders}, {users}, {amounts}, {reasons}, {decided_at})
              AS result (id, user_id, amount, reason, decided_at)
         WHERE ",
        only_within!(),
        " AND orders.id = ANY ({keys}) AND orders.status = 'NEW'
           AND orders.id = result.id AND orders.user_id = result.user_id AND orders.amount = result.amount
           AND (result.reason <> 'CANCELLED_BY_USER' OR orders.cancel_requested_at IS NOT NULL)
         RETURNING orders.id, orders.updated_at, orders.cancel_requested_at IS NOT NULL"
    )
}

messaging::statement! {
    // It may come before the result that it takes back.
    struct Refund {
        orders: Vec<uuid::Uuid> => Array<Uuid>,
        users: Vec<uuid::Uuid> => Array<Uuid>,
        amounts: Vec<i64> => Array<BigInt>,
        decided_at: Vec<Option<DateTime<Utc>>> => Array<Nullable<Timestamptz>>,
        refunded_at: Vec<Option<DateTime<Utc>>> => Array<Nullable<Timestamptz>>,
        keys: Vec<uuid::Uuid> => Array<Uuid>,
    } -> (Uuid, Timestamptz, Bool)
    concat!(
        "-- orders_refund
         UPDATE orders SET status = 'CANCELLED', cancel_reason = 'REFUNDED', delivery_status = NULL,
                decided_at = result.decided_at, settled_at = coalesce(settled_at, now()),
                refunded_at = result.refunded_at, updated_at = now()
         FROM unnest({orders}, {users}, {amounts}, {decided_at}, {refunded_at})
              AS result (id, user_id, amount, decided_at, refunded_at)
         WHERE ",
        only_within!(),
        " AND orders.id = ANY ({keys}) AND orders.status IN ('NEW', 'FINISHED')
           AND orders.id = result.id AND orders.user_id = result.user_id AND orders.amount = result.amount
           AND orders.cancel_requested_at IS NOT NULL
         RETURNING orders.id, orders.updated_at, true"
    )
}

messaging::statement! {
    // What a fault suite does first, to see that it matters that settled orders stay as they are.
    struct Reopen { orders: Vec<uuid::Uuid> => Array<Uuid> } -> ()
    "-- orders_reopen
     UPDATE orders SET status = 'NEW', cancel_reason = NULL, delivery_status = NULL WHERE id = ANY ({orders})"
}

messaging::statement! {
    struct Standings { orders: Vec<uuid::Uuid> => Array<Uuid> }
        -> (Uuid, Uuid, BigInt, Text, Nullable<Text>, Bool)
    "-- orders_standings
     SELECT id, user_id, amount, status, cancel_reason, cancel_requested_at IS NOT NULL FROM orders
     WHERE id = ANY ({orders})"
}

#[cfg(test)]
mod tests {
    use diesel::debug_query;
    use diesel::pg::Pg;

    use super::*;

    #[test]
    fn what_may_leave_with_begin_is_nothing_outside_of_the_transaction() {
        let Columns { orders, users, amounts, decided_at } = &Columns::default();
        let statements = [
            debug_query::<Pg, _>(&Finish { orders, users, amounts, decided_at, keys: orders }).to_string(),
            debug_query::<Pg, _>(&Refuse {
                orders,
                users,
                amounts,
                reasons: &vec![],
                decided_at,
                keys: orders,
            })
            .to_string(),
            debug_query::<Pg, _>(&Refund {
                orders,
                users,
                amounts,
                decided_at,
                refunded_at: &vec![],
                keys: orders,
            })
            .to_string(),
        ];
        for sql in statements {
            assert!(sql.contains(only_within!()), "{sql}");
        }
    }
}

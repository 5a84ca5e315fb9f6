//! Orders as the API shows them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::orders;
use crate::domain::{Milestones, Order};

#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
pub(super) struct Row {
    id: Uuid,
    user_id: Uuid,
    amount: i64,
    description: String,
    status: String,
    cancel_reason: Option<String>,
    cancel_requested_at: Option<DateTime<Utc>>,
    delivery_status: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Order {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            amount: row.amount,
            description: row.description,
            status: row.status,
            cancel_reason: row.cancel_reason,
            cancel_requested_at: row.cancel_requested_at,
            delivery_status: row.delivery_status,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The order with this id.
pub(crate) async fn order_with(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Order>> {
    let row: Option<Row> = orders::table.find(id).select(Row::as_select()).first(conn).await.optional()?;
    Ok(row.map(Order::from))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
struct MilestonesRow {
    id: Uuid,
    cancel_reason: Option<String>,
    created_at: DateTime<Utc>,
    cancel_requested_at: Option<DateTime<Utc>>,
    decided_at: Option<DateTime<Utc>>,
    settled_at: Option<DateTime<Utc>>,
    refunded_at: Option<DateTime<Utc>>,
    shipped_at: Option<DateTime<Utc>>,
    delivered_at: Option<DateTime<Utc>>,
}

/// What has happened to this order.
pub(crate) async fn milestones_of(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Milestones>> {
    let row: Option<MilestonesRow> =
        orders::table.find(id).select(MilestonesRow::as_select()).first(conn).await.optional()?;
    Ok(row.map(|row| Milestones {
        order_id: row.id,
        cancel_reason: row.cancel_reason,
        created_at: row.created_at,
        cancel_requested_at: row.cancel_requested_at,
        decided_at: row.decided_at,
        settled_at: row.settled_at,
        refunded_at: row.refunded_at,
        shipped_at: row.shipped_at,
        delivered_at: row.delivered_at,
    }))
}

/// The user's orders that are older than order `after`, newest first.
pub(crate) async fn orders_of(
    conn: &mut AsyncPgConnection,
    user: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<Order>> {
    let rows: Vec<Row> = orders::table
        .filter(orders::user_id.eq(user))
        .filter(orders::id.lt(after.unwrap_or(Uuid::max())))
        .order(orders::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(Order::from).collect())
}

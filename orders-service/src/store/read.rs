//! Orders as the API shows them.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::schema::orders;
use crate::domain::Order;

#[derive(Queryable, Selectable)]
#[diesel(table_name = orders)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    amount: i64,
    description: String,
    status: String,
    cancel_reason: Option<String>,
    delivery_status: Option<String>,
    created_at: chrono::DateTime<chrono::Utc>,
    updated_at: chrono::DateTime<chrono::Utc>,
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

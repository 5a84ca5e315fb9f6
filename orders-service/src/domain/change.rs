use chrono::{DateTime, Utc};
use messaging::broadcast::{Change, Voice};
use serde::Serialize;
use uuid::Uuid;

use super::Order;

/// How an order stands after a change, for who watches its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct OrderChange {
    pub id: Uuid,
    pub user_id: Uuid,
    /// Minor units (kopecks).
    pub amount: i64,
    pub status: &'static str,
    pub cancel_reason: Option<&'static str>,
    pub cancel_requested: bool,
    pub delivery_status: Option<&'static str>,
    pub at: DateTime<Utc>,
}

impl OrderChange {
    /// An order is there.
    pub(crate) fn created(order: &Order) -> Self {
        Self {
            id: order.id,
            user_id: order.user_id,
            amount: order.amount,
            status: "NEW",
            cancel_reason: None,
            cancel_requested: false,
            delivery_status: None,
            at: order.created_at,
        }
    }

    /// An order is to be cancelled, which it has not been until now.
    pub(crate) fn cancel_requested(order: &Order) -> Self {
        let is_paid = order.delivery_status.is_some();
        Self {
            status: if is_paid { "FINISHED" } else { "NEW" },
            delivery_status: is_paid.then_some("PENDING"),
            cancel_requested: true,
            at: order.updated_at,
            ..Self::created(order)
        }
    }
}

/// Tells whoever watches the orders' users.
pub(crate) fn tell(voice: &Voice, changes: &[OrderChange]) {
    voice.tell(changes.iter().map(|change| Change::new(change.user_id, change)).collect());
}

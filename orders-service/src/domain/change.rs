use chrono::{DateTime, Utc};
use messaging::broadcast::Voice;
use serde::Serialize;
use uuid::Uuid;

use super::{Order, PaymentResult, Verdict};

/// Bytes of a description that is told; changes wait in memory for who may want them.
const MAX_DESCRIPTION: usize = 250;

/// How an order stands after a change, for who watches its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct OrderChange {
    pub id: Uuid,
    pub user_id: Uuid,
    /// Minor units (kopecks).
    pub amount: i64,
    /// Of a new order, if it is short: with it the change is the whole order, and nobody has to ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
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
            description: Some(&order.description).filter(|text| text.len() <= MAX_DESCRIPTION).cloned(),
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
            description: None,
            at: order.updated_at,
            ..Self::created(order)
        }
    }

    /// A payment's result has settled its order.
    pub(crate) fn settled(result: &PaymentResult, at: DateTime<Utc>, cancel_requested: bool) -> Self {
        let (status, cancel_reason, delivery_status) = match result.verdict {
            Verdict::Paid => ("FINISHED", None, Some("PENDING")),
            Verdict::Refused(reason) => ("CANCELLED", Some(reason.as_str()), None),
            Verdict::Refunded { .. } => ("CANCELLED", Some("REFUNDED"), None),
        };
        Self {
            id: result.order_id,
            user_id: result.user_id,
            amount: result.amount.minor(),
            description: None,
            status,
            cancel_reason,
            cancel_requested,
            delivery_status,
            at,
        }
    }
}

/// Tells whoever watches the orders' users.
pub(crate) fn tell(voice: &Voice, changes: &[OrderChange]) {
    voice.tell(changes.iter().map(|change| (change.user_id, change)));
}

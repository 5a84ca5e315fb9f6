//! Orders as users place, see and cancel them.

use chrono::{DateTime, Utc};
use contracts::Amount;
use contracts::events::{OrderCancelRequested, OrderCreated, Payload};
use messaging::outbox::Message;
use serde::Serialize;
use uuid::Uuid;

/// Characters in a description, at most.
const MAX_DESCRIPTION_CHARS: usize = 1000;

/// An order that someone wants to place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewOrder {
    pub user_id: Uuid,
    pub amount: Amount,
    pub description: Description,
    pub idempotency_key: Option<String>,
}

/// What an order is for: 1 … 1000 characters, none of them NUL (which Postgres can't store).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Description(String);

/// An order as the API shows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Order {
    pub id: Uuid,
    pub user_id: Uuid,
    /// Minor units (kopecks).
    pub amount: i64,
    pub description: String,
    /// `NEW`, `FINISHED` or `CANCELLED`.
    pub status: String,
    /// Why, if cancelled.
    pub cancel_reason: Option<String>,
    /// When it was asked to be cancelled, if it was.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// Of a finished order `PENDING`, `SHIPPED` or `DELIVERED`.
    pub delivery_status: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What there is to do for who wants an order cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cancelling {
    /// Ask payments-service, which decides what becomes of the money.
    Ask,
    /// Nothing: that has been asked, and the answer is under way.
    Asked,
    /// Nothing: it is cancelled.
    Done,
    /// Nothing: it is too late.
    TooLate,
}

impl TryFrom<String> for Description {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let chars = text.chars().count();
        if chars == 0 || chars > MAX_DESCRIPTION_CHARS {
            return Err(format!("description has {chars} characters, not 1 to {MAX_DESCRIPTION_CHARS}"));
        }
        if text.contains('\0') {
            return Err("description has a NUL character".to_owned());
        }
        Ok(Self(text))
    }
}

impl Description {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl NewOrder {
    /// The order as it is when it has just been created.
    pub(crate) fn created(&self, id: Uuid, created_at: DateTime<Utc>) -> Order {
        Order {
            id,
            user_id: self.user_id,
            amount: self.amount.minor(),
            description: self.description.0.clone(),
            status: "NEW".to_owned(),
            cancel_reason: None,
            cancel_requested_at: None,
            delivery_status: None,
            created_at,
            updated_at: created_at,
        }
    }
}

/// The event that asks for an order's payment: the same bytes each time.
pub(crate) fn payment_request(
    order_id: Uuid,
    user_id: Uuid,
    amount: Amount,
    description: &str,
    created_at: DateTime<Utc>,
) -> Message {
    let description = description.to_owned();
    OrderCreated { order_id, user_id, amount, description }.message(created_at)
}

/// The event that asks for an order's payment not to be made, or to be paid back: the same bytes each time.
pub(crate) fn cancel_request(
    order_id: Uuid,
    user_id: Uuid,
    amount: Amount,
    requested_at: DateTime<Utc>,
) -> Message {
    OrderCancelRequested { order_id, user_id, amount }.message(requested_at)
}

impl Order {
    /// An order can be cancelled until it is shipped.
    pub(crate) fn cancelling(&self) -> Cancelling {
        match (self.status.as_str(), self.delivery_status.as_deref()) {
            ("CANCELLED", _) => Cancelling::Done,
            (_, Some("SHIPPED" | "DELIVERED")) => Cancelling::TooLate,
            _ if self.cancel_requested_at.is_some() => Cancelling::Asked,
            _ => Cancelling::Ask,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_has_1_to_1000_characters_and_no_nul() {
        for good in ["x".to_owned(), "ж".repeat(1000)] {
            assert_eq!(Description::try_from(good.clone()).unwrap().as_str(), good);
        }
        for bad in [String::new(), "ж".repeat(1001), "a\0b".to_owned()] {
            assert!(Description::try_from(bad).is_err());
        }
    }
}

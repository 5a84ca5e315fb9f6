//! Orders, and what may happen to them. Pure.

use chrono::{DateTime, Utc};
use contracts::Amount;
use contracts::events::{FailureReason, OrderCreated, Payload};
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
    /// `PENDING`, `SHIPPED` or `DELIVERED`, once delivery begins.
    pub delivery_status: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How a payment ended: paid, or why not.
pub(crate) type Outcome = Result<(), FailureReason>;

/// A payment's result, as an event tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PaymentResult {
    pub order_id: Uuid,
    pub user_id: Uuid,
    pub amount: Amount,
    pub outcome: Outcome,
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

/// The status and the reason that an outcome leads to.
pub(crate) fn settled(outcome: Outcome) -> (&'static str, Option<&'static str>) {
    match outcome {
        Ok(()) => ("FINISHED", None),
        Err(reason) => ("CANCELLED", Some(reason.as_str())),
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

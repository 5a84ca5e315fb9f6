//! The events: their payloads, and which service says them.

use chrono::{DateTime, Utc};
use messaging::outbox::Message;
use messaging::{Event, Reason};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Amount, PAYMENT_REQUESTS_KEY, PAYMENT_RESULTS_KEY};

const ORDERS: &str = "/orders-service";
const PAYMENTS: &str = "/payments-service";

/// A payload: knows its event's type, sender and way.
pub trait Payload: Serialize + DeserializeOwned {
    /// The event's type.
    const KIND: &'static str;
    /// The event's source.
    const SOURCE: &'static str;
    /// Where the exchange sends it.
    const ROUTING_KEY: &'static str;

    /// The order it speaks of: with [`Self::KIND`] it determines the event's id.
    fn order_id(&self) -> Uuid;

    /// The outbox message that says this, of a thing that happened at `time`.
    fn message(&self, time: DateTime<Utc>) -> Message {
        let event = Event::new(Self::SOURCE, Self::KIND, self.order_id(), time, self);
        Message::new(&event, Self::ROUTING_KEY)
    }

    /// Reads the payload of an event of this type; the error says what is wrong with it.
    fn read(event: &Event) -> Result<Self, Reason> {
        serde_json::from_str(event.data.get()).map_err(|error| {
            Reason::new("malformed-payload", format!("{} has a malformed payload: {error}", event.kind))
        })
    }
}

/// An order exists and wants to be paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCreated {
    /// The order.
    pub order_id: Uuid,
    /// Who pays.
    pub user_id: Uuid,
    /// How much.
    pub amount: Amount,
    /// What for, in the user's words.
    pub description: String,
}

/// The order has been paid: its amount was debited, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentSucceeded {
    /// The order.
    pub order_id: Uuid,
    /// Who paid.
    pub user_id: Uuid,
    /// How much.
    pub amount: Amount,
}

/// The order will never be paid: nothing was debited, nor will it be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFailed {
    /// The order.
    pub order_id: Uuid,
    /// Who was to pay.
    pub user_id: Uuid,
    /// How much.
    pub amount: Amount,
    /// Why not.
    pub reason: FailureReason,
}

/// Why an order can't be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailureReason {
    /// The user has no account.
    AccountNotFound,
    /// The balance is lower than the amount.
    InsufficientFunds,
}

impl FailureReason {
    /// The name in JSON and in the databases.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountNotFound => "ACCOUNT_NOT_FOUND",
            Self::InsufficientFunds => "INSUFFICIENT_FUNDS",
        }
    }
}

impl Payload for OrderCreated {
    const KIND: &'static str = "OrderCreated";
    const SOURCE: &'static str = ORDERS;
    const ROUTING_KEY: &'static str = PAYMENT_REQUESTS_KEY;

    fn order_id(&self) -> Uuid {
        self.order_id
    }
}

impl Payload for PaymentSucceeded {
    const KIND: &'static str = "PaymentSucceeded";
    const SOURCE: &'static str = PAYMENTS;
    const ROUTING_KEY: &'static str = PAYMENT_RESULTS_KEY;

    fn order_id(&self) -> Uuid {
        self.order_id
    }
}

impl Payload for PaymentFailed {
    const KIND: &'static str = "PaymentFailed";
    const SOURCE: &'static str = PAYMENTS;
    const ROUTING_KEY: &'static str = PAYMENT_RESULTS_KEY;

    fn order_id(&self) -> Uuid {
        self.order_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_fact_told_twice_is_the_same_event() {
        let paid = PaymentSucceeded {
            order_id: Uuid::now_v7(),
            user_id: Uuid::now_v7(),
            amount: Amount::try_from(5).unwrap(),
        };
        let failed = PaymentFailed {
            order_id: paid.order_id,
            user_id: paid.user_id,
            amount: paid.amount,
            reason: FailureReason::InsufficientFunds,
        };
        let time = Utc::now();
        assert_eq!(paid.message(time).message_id, paid.message(time).message_id);
        assert_eq!(paid.message(time).payload, paid.message(time).payload);
        assert_ne!(paid.message(time).message_id, failed.message(time).message_id);
    }

    #[test]
    fn a_payload_reads_back_what_was_sent_and_refuses_nonsense() {
        let failed = PaymentFailed {
            order_id: Uuid::now_v7(),
            user_id: Uuid::now_v7(),
            amount: Amount::try_from(5).unwrap(),
            reason: FailureReason::AccountNotFound,
        };
        let json = failed.message(Utc::now()).payload;
        let event = Event::from_json(&json).unwrap();
        assert_eq!(PaymentFailed::read(&event), Ok(failed));
        for (from, to) in
            [("\"amount\":5", "\"amount\":0"), ("ACCOUNT_NOT_FOUND", "BAD_MOOD"), ("order_id", "id")]
        {
            let event = Event::from_json(&json.replace(from, to)).unwrap();
            assert!(PaymentFailed::read(&event).is_err(), "{to}");
        }
    }

    #[test]
    fn a_reason_has_one_name_everywhere() {
        for reason in [FailureReason::AccountNotFound, FailureReason::InsufficientFunds] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }
}

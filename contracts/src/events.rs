//! The events: their payloads, and which service says them.

use chrono::{DateTime, Utc};
use messaging::outbox::Message;
use messaging::{Event, Reason};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Amount, DELIVERIES_KEY, PAYMENT_REQUESTS_KEY, PAYMENT_RESULTS_KEY};

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

/// Says of a struct with the fields `order_id` and what else it tells which event it is.
macro_rules! payload {
    ($name:ident, from $source:expr, to $routing_key:expr) => {
        impl Payload for $name {
            const KIND: &'static str = stringify!($name);
            const SOURCE: &'static str = $source;
            const ROUTING_KEY: &'static str = $routing_key;

            fn order_id(&self) -> Uuid {
                self.order_id
            }
        }
    };
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

/// An order is not to be paid, and paid back if it has been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCancelRequested {
    /// The order.
    pub order_id: Uuid,
    /// Who was to pay.
    pub user_id: Uuid,
    /// How much.
    pub amount: Amount,
}

/// A paid order is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderShipped {
    /// The order.
    pub order_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
}

/// A paid order has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDelivered {
    /// The order.
    pub order_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
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

/// The order had been paid, and its amount was credited again, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefunded {
    /// The order.
    pub order_id: Uuid,
    /// Who had paid.
    pub user_id: Uuid,
    /// How much.
    pub amount: Amount,
    /// When it had been paid.
    pub paid_at: DateTime<Utc>,
}

payload!(OrderCreated, from ORDERS, to PAYMENT_REQUESTS_KEY);
payload!(OrderCancelRequested, from ORDERS, to PAYMENT_REQUESTS_KEY);
payload!(OrderShipped, from ORDERS, to DELIVERIES_KEY);
payload!(OrderDelivered, from ORDERS, to DELIVERIES_KEY);
payload!(PaymentSucceeded, from PAYMENTS, to PAYMENT_RESULTS_KEY);
payload!(PaymentFailed, from PAYMENTS, to PAYMENT_RESULTS_KEY);
payload!(PaymentRefunded, from PAYMENTS, to PAYMENT_RESULTS_KEY);

/// Why an order can't be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailureReason {
    /// The user has no account.
    AccountNotFound,
    /// The balance is lower than the amount.
    InsufficientFunds,
    /// The order was to be cancelled before it was decided whether it is paid.
    CancelledByUser,
}

impl FailureReason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AccountNotFound, Self::InsufficientFunds, Self::CancelledByUser];

    /// The name in JSON and in the databases.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountNotFound => "ACCOUNT_NOT_FOUND",
            Self::InsufficientFunds => "INSUFFICIENT_FUNDS",
            Self::CancelledByUser => "CANCELLED_BY_USER",
        }
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
        for reason in FailureReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }
}

//! The events: their payloads, and which service says them.
//!
//! Each has a released schema in `contracts/schemas/`. A payload is read exactly if its schema accepts it; see
//! docs/MESSAGING.md before changing one.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use messaging::event::parse_time;
use messaging::outbox::Message;
use messaging::{Event, Reason};
#[cfg(test)]
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Deserializer, Error};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use uuid::serde::hyphenated;

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
        if event.source != Self::SOURCE {
            let text = format!("{} comes from {:?}, not from {}", event.kind, event.source, Self::SOURCE);
            return Err(Reason::new("wrong-source", text));
        }
        let malformed = |what: String| {
            Reason::new("malformed-payload", format!("{} has a malformed payload: {what}", event.kind))
        };
        let json = event.data.get();
        // The parser would take an array of the fields' values for the object.
        if !json.starts_with('{') {
            return Err(malformed("it is no JSON object".to_owned()));
        }
        serde_json::from_str(json).map_err(|error| malformed(error.to_string()))
    }
}

/// Says of structs with the field `order_id` which events they are. The list is whole: there are no others.
macro_rules! payloads {
    ($($name:ident from $source:ident to $routing_key:ident;)*) => {
        $(impl Payload for $name {
            const KIND: &'static str = stringify!($name);
            const SOURCE: &'static str = $source;
            const ROUTING_KEY: &'static str = $routing_key;

            fn order_id(&self) -> Uuid {
                self.order_id
            }
        })*

        /// All of them, for the tests of their schemas.
        #[cfg(test)]
        pub(crate) const KINDS: &[crate::schemas::Kind] = &[$(crate::schemas::Kind {
            name: $name::KIND,
            source: $name::SOURCE,
            data_schema: |generator| generator.into_root_schema_for::<$name>(),
            read: |event| $name::read(event).map(drop),
        }),*];
    };
}

/// An order exists and wants to be paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct OrderCreated {
    /// The order.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub order_id: Uuid,
    /// Who pays.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub user_id: Uuid,
    /// How much, in kopecks.
    pub amount: Amount,
    /// What for, in the user's words.
    pub description: String,
}

/// An order is not to be paid, and paid back if it has been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct OrderCancelRequested {
    /// The order.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub order_id: Uuid,
    /// Who was to pay.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub user_id: Uuid,
    /// How much, in kopecks.
    pub amount: Amount,
}

/// A paid order is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct OrderShipped {
    /// The order.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub order_id: Uuid,
    /// Whose it is.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub user_id: Uuid,
}

/// A paid order has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct OrderDelivered {
    /// The order.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub order_id: Uuid,
    /// Whose it is.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub user_id: Uuid,
}

/// The order has been paid: its amount was debited, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PaymentSucceeded {
    /// The order.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub order_id: Uuid,
    /// Who paid.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub user_id: Uuid,
    /// How much, in kopecks.
    pub amount: Amount,
}

/// The order will never be paid: nothing was debited, nor will it be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PaymentFailed {
    /// The order.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub order_id: Uuid,
    /// Who was to pay.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub user_id: Uuid,
    /// How much, in kopecks.
    pub amount: Amount,
    /// Why not.
    pub reason: FailureReason,
}

/// The order had been paid, and its amount was credited again, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PaymentRefunded {
    /// The order.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub order_id: Uuid,
    /// Who had paid.
    #[serde(deserialize_with = "hyphenated::deserialize")]
    pub user_id: Uuid,
    /// How much, in kopecks.
    pub amount: Amount,
    /// When it had been paid.
    #[serde(deserialize_with = "time")]
    pub paid_at: DateTime<Utc>,
}

payloads! {
    OrderCreated from ORDERS to PAYMENT_REQUESTS_KEY;
    OrderCancelRequested from ORDERS to PAYMENT_REQUESTS_KEY;
    OrderShipped from ORDERS to DELIVERIES_KEY;
    OrderDelivered from ORDERS to DELIVERIES_KEY;
    PaymentSucceeded from PAYMENTS to PAYMENT_RESULTS_KEY;
    PaymentFailed from PAYMENTS to PAYMENT_RESULTS_KEY;
    PaymentRefunded from PAYMENTS to PAYMENT_RESULTS_KEY;
}

/// Why an order can't be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
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

// The derived one would also take an object with the name as its only key.
impl<'de> Deserialize<'de> for FailureReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        let reason = Self::ALL.into_iter().find(|reason| reason.as_str() == name);
        reason.ok_or_else(|| D::Error::custom(format_args!("unknown reason {name:?}")))
    }
}

/// A time as RFC 3339 has it; chrono's own reader is more generous.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    parse_time(&Cow::<str>::deserialize(deserializer)?).map_err(D::Error::custom)
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

//! What the services say to each other: events, the queues that carry them, and the unit of money.
//!
//! Both services declare the same [`topology`] and speak the same [`events`]; neither knows anything else of
//! the other. Each event is a [CloudEvent](messaging::event) whose id follows from its order and its type, so
//! that the same fact told twice is the same event.

mod amount;
pub mod events;
#[cfg(test)]
mod schemas;

pub use amount::{Amount, AmountOutOfRange};

use messaging::{Event, Queue, Reason, Topology};

/// The exchange for all events.
pub const EXCHANGE: &str = "gozon.events";

/// Orders to be paid, consumed by payments-service.
pub const PAYMENT_REQUESTS_QUEUE: &str = "payments.order-payment-requests";
/// Routing key of [`events::OrderCreated`] and [`events::OrderCancelRequested`].
pub const PAYMENT_REQUESTS_KEY: &str = "order-payment-requests";

/// Decisions about payments, consumed by orders-service.
pub const PAYMENT_RESULTS_QUEUE: &str = "orders.order-payment-results";
/// Routing key of [`events::PaymentSucceeded`], [`events::PaymentFailed`] and [`events::PaymentRefunded`].
pub const PAYMENT_RESULTS_KEY: &str = "order-payment-results";

/// The channel on which replicas of orders-service tell each other how orders change.
pub const ORDER_CHANGES: &str = "gozon.changes.orders";
/// The channel on which replicas of payments-service tell each other how accounts change.
pub const ACCOUNT_CHANGES: &str = "gozon.changes.accounts";

/// Routing key of [`events::OrderShipped`] and [`events::OrderDelivered`], for whoever wants to know.
pub const DELIVERIES_KEY: &str = "order-deliveries";

/// Why a consumer refuses an event of a type that is not for it.
pub fn unknown_type(event: &Event) -> Reason {
    Reason::new("unknown-type", format!("type {:?} is none that this queue carries", event.kind))
}

/// The exchange and both queues, for whichever service starts first.
pub fn topology() -> Topology {
    let queue = |name: &str, routing_key: &str| Queue {
        name: name.to_owned(),
        routing_keys: vec![routing_key.to_owned()],
    };
    Topology {
        exchange: EXCHANGE.to_owned(),
        queues: vec![
            queue(PAYMENT_REQUESTS_QUEUE, PAYMENT_REQUESTS_KEY),
            queue(PAYMENT_RESULTS_QUEUE, PAYMENT_RESULTS_KEY),
        ],
        announcements: vec![DELIVERIES_KEY.to_owned()],
    }
}

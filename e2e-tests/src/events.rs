//! Events as they travel, written by hand: what an old replica, a replay or a forger would send.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::Order;

/// Where requests for payment go.
pub const REQUESTS_KEY: &str = "order-payment-requests";
/// The queue of requests for payment.
pub const REQUESTS: &str = "payments.order-payment-requests";
/// Where results of payments go.
pub const RESULTS_KEY: &str = "order-payment-results";
/// The queue of results of payments.
pub const RESULTS: &str = "orders.order-payment-results";

/// The request for an order's payment, the very event that orders-service sends.
pub fn order_created(order: &Order) -> Value {
    let data = json!({
        "order_id": order.id,
        "user_id": order.user_id,
        "amount": order.amount,
        "description": order.description,
    });
    event("/orders-service", "OrderCreated", order.id, data)
}

/// The request for an order not to be paid, or to be paid back.
pub fn cancel_requested(order: &Order) -> Value {
    let data = json!({ "order_id": order.id, "user_id": order.user_id, "amount": order.amount });
    event("/orders-service", "OrderCancelRequested", order.id, data)
}

/// The news that an order is paid back.
pub fn payment_refunded(order: &Order) -> Value {
    let data = json!({
        "order_id": order.id, "user_id": order.user_id, "amount": order.amount, "paid_at": "2026-01-01T00:00:00Z",
    });
    event("/payments-service", "PaymentRefunded", order.id, data)
}

/// The news that an order is paid.
pub fn payment_succeeded(order: &Order) -> Value {
    let data = json!({ "order_id": order.id, "user_id": order.user_id, "amount": order.amount });
    event("/payments-service", "PaymentSucceeded", order.id, data)
}

/// The news that an order will not be paid.
pub fn payment_failed(order: &Order, reason: &str) -> Value {
    let data = json!({
        "order_id": order.id, "user_id": order.user_id, "amount": order.amount, "reason": reason,
    });
    event("/payments-service", "PaymentFailed", order.id, data)
}

/// An order that orders-service knows nothing of.
pub fn unknown_order(user: Uuid, amount: i64) -> Order {
    Order {
        id: Uuid::now_v7(),
        user_id: user,
        amount,
        description: "nobody ordered this".into(),
        status: "NEW".into(),
        cancel_reason: None,
        cancel_requested_at: None,
        delivery_status: None,
        created_at: String::new(),
        updated_at: String::new(),
    }
}

/// A batch, as a message body.
pub fn batch(events: &[Value]) -> String {
    Value::from(events).to_string()
}

/// The id of the event of this type about this order: the same fact told twice is the same event. The order's time,
/// then a hash of the type in the order's namespace.
pub fn event_id(order: Uuid, kind: &str) -> Uuid {
    let mut bytes = Uuid::new_v5(&order, kind.as_bytes()).into_bytes();
    bytes[..6].copy_from_slice(&order.as_bytes()[..6]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn event(source: &str, kind: &str, order: Uuid, data: Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": event_id(order, kind),
        "type": kind,
        "source": source,
        "subject": order,
        "time": "2026-01-01T00:00:00Z",
        "datacontenttype": "application/json",
        "data": data,
    })
}

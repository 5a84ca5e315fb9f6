//! Messages that must end as dead letters, alone. Each carries a nonce, by which its letter is known.
//!
//! What contradicts an order contradicts one that is final: a forged result that agrees with an order which still waits
//! can't be told from a true one by anybody.

use serde_json::{Value, json};
use uuid::Uuid;

use super::repeats::Known;
use crate::events::{
    REQUESTS_KEY, RESULTS_KEY, batch, order_created, payment_failed, payment_refunded, payment_succeeded,
    unknown_order,
};
use crate::{Forged, Order};

const NONCE: &str = "poison-";
/// Deeper than any parser goes.
const DEPTH: usize = 10_000;
/// More than a consumer reads.
const LARGE_BYTES: usize = 10 << 20;
/// One turn in so many brings a large one: it keeps the broker busy for a while.
const LARGE_EVERY: usize = 40;

/// What there is, the large one aside.
pub(super) const KINDS: [&str; 17] = [
    "not UTF-8",
    "truncated JSON",
    "nested array",
    "nested data",
    "wrong content type",
    "amount zero",
    "amount negative",
    "amount largest",
    "unknown type",
    "unknown version",
    "no id",
    "another amount",
    "another user",
    "forged result",
    "forged refund",
    "result of nothing",
    "result of another amount",
];

/// A message of the kind whose turn it is, in company of true ones at times.
pub(super) fn brew(
    turn: usize,
    known: &Known,
    nonce: Uuid,
    random: &mut fastrand::Rng,
) -> (&'static str, Forged) {
    if turn.is_multiple_of(LARGE_EVERY) {
        let body = format!("[\"{NONCE}{nonce} {}\"]", "x".repeat(LARGE_BYTES));
        return ("ten megabytes", Forged::batch(REQUESTS_KEY, body));
    }
    let kind = KINDS[turn % KINDS.len()];
    let key = if random.bool() { REQUESTS_KEY } else { RESULTS_KEY };
    if let Some(body) = body(kind, known, nonce) {
        let content_type = if kind == "wrong content type" { "text/plain" } else { "application/json" };
        return (kind, Forged { routing_key: key, content_type, body });
    }
    let (key, mut event) = event(kind, known);
    event["data"]["nonce"] = json!(format!("{NONCE}{nonce}"));
    let truth = if key == REQUESTS_KEY { Some(order_created(&known.0)) } else { known.result() };
    let mut events = vec![event];
    if random.bool() {
        events.extend(truth);
        random.shuffle(&mut events);
    }
    (kind, Forged::batch(key, batch(&events)))
}

/// A body that is bad as a whole.
fn body(kind: &str, known: &Known, nonce: Uuid) -> Option<Vec<u8>> {
    let nonce = format!("{NONCE}{nonce}");
    Some(match kind {
        "not UTF-8" => [b"[\"".as_slice(), nonce.as_bytes(), b"\xff\xfe\"]"].concat(),
        "truncated JSON" => {
            let whole = format!("[\"{nonce}\",{}]", order_created(&known.0));
            whole[..whole.len() - 10].into()
        }
        "nested array" => format!("[[\"{nonce}\",{}{}]]", "[".repeat(DEPTH), "]".repeat(DEPTH)).into(),
        "wrong content type" => format!("Dear service, {nonce}").into(),
        _ => return None,
    })
}

/// An event that is bad by itself, and where it goes.
fn event(kind: &str, Known(order): &Known) -> (&'static str, Value) {
    let stranger = || unknown_order(order.user_id, 1);
    let asking = |amount: i64| order_created(&Order { amount, ..stranger() });
    let with = |mut event: Value, field: &str, value: Value| {
        event[field] = value;
        event
    };
    match kind {
        "nested data" => {
            let mut event = asking(1);
            event["data"]["amount"] = nested(100);
            (REQUESTS_KEY, event)
        }
        "amount zero" => (REQUESTS_KEY, asking(0)),
        "amount negative" => (REQUESTS_KEY, asking(-1)),
        "amount largest" => (REQUESTS_KEY, asking(i64::MAX)),
        "unknown type" => (REQUESTS_KEY, with(asking(1), "type", json!("OrderEaten"))),
        "unknown version" => (REQUESTS_KEY, with(asking(1), "specversion", json!("2.0"))),
        "no id" => (REQUESTS_KEY, with(asking(1), "id", Value::Null)),
        "another amount" => {
            (REQUESTS_KEY, order_created(&Order { amount: other_amount(order), ..order.clone() }))
        }
        "another user" => (REQUESTS_KEY, order_created(&Order { user_id: Uuid::new_v4(), ..order.clone() })),
        "forged result" if is_paid(order) => (RESULTS_KEY, payment_failed(order, "INSUFFICIENT_FUNDS")),
        "forged result" => (RESULTS_KEY, payment_succeeded(order)),
        // One that is not shipped may be to be paid back by the time that this arrives.
        "forged refund" if may_be_refunded(order) => (RESULTS_KEY, payment_refunded(&stranger())),
        "forged refund" => (RESULTS_KEY, payment_refunded(order)),
        "result of nothing" => (RESULTS_KEY, payment_succeeded(&stranger())),
        _ => (RESULTS_KEY, payment_succeeded(&Order { amount: other_amount(order), ..order.clone() })),
    }
}

/// Or was, and has its money back.
fn is_paid(order: &Order) -> bool {
    order.status == "FINISHED" || order.cancel_reason.as_deref() == Some("REFUNDED")
}

fn may_be_refunded(order: &Order) -> bool {
    is_paid(order) && !matches!(order.delivery_status.as_deref(), Some("SHIPPED" | "DELIVERED"))
}

fn other_amount(order: &Order) -> i64 {
    if order.amount == 1 { 2 } else { order.amount - 1 }
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!([]), |inner, _| json!([inner]))
}

/// The nonce in a dead letter, if there is one.
pub(crate) fn nonce_in(letter: &str) -> Option<Uuid> {
    let (_, after) = letter.split_once(NONCE)?;
    after.get(..36)?.parse().ok()
}

//! What payments-service says of an order's payment, and what that means for the order.

use chrono::{DateTime, Utc};
use contracts::Amount;
use contracts::events::{FailureReason, Payload, PaymentFailed, PaymentRefunded, PaymentSucceeded};
use messaging::{Event, Reason};
use uuid::Uuid;

/// The end of the year 9999: no honest time is later, and databases stop somewhere.
const END_OF_TIMES: i64 = 253_402_300_800;

/// A payment's result, as an event tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PaymentResult {
    pub order_id: Uuid,
    pub user_id: Uuid,
    pub amount: Amount,
    pub verdict: Verdict,
    /// When it was decided, if the event says so.
    pub decided_at: Option<DateTime<Utc>>,
}

/// How a payment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Paid,
    Refused(FailureReason),
    /// Paid, and paid back, because the order was to be cancelled.
    Refunded {
        at: Option<DateTime<Utc>>,
    },
}

/// An order as far as a payment's result is concerned.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub user_id: Uuid,
    pub amount_minor: i64,
    pub status: String,
    pub cancel_reason: Option<String>,
    pub cancel_requested: bool,
}

impl PaymentResult {
    /// What the event says; or why it is no result.
    pub(crate) fn read(event: &Event) -> Result<Self, Reason> {
        let told_at = sane(event.time);
        Ok(match event.kind.as_str() {
            PaymentSucceeded::KIND => {
                let PaymentSucceeded { order_id, user_id, amount } = Payload::read(event)?;
                Self { order_id, user_id, amount, verdict: Verdict::Paid, decided_at: told_at }
            }
            PaymentFailed::KIND => {
                let PaymentFailed { order_id, user_id, amount, reason } = Payload::read(event)?;
                Self { order_id, user_id, amount, verdict: Verdict::Refused(reason), decided_at: told_at }
            }
            PaymentRefunded::KIND => {
                let PaymentRefunded { order_id, user_id, amount, paid_at } = Payload::read(event)?;
                let verdict = Verdict::Refunded { at: told_at };
                Self { order_id, user_id, amount, verdict, decided_at: sane(Some(paid_at)) }
            }
            _ => return Err(contracts::unknown_type(event)),
        })
    }
}

/// Times are told for people: one that can't be is left out, and changes nothing else.
fn sane(time: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    time.filter(|time| (0..END_OF_TIMES).contains(&time.timestamp()))
}

/// Why `result` can't be true of an order that it did not settle; `None` if it repeats what is known, or what has been
/// overtaken.
pub(crate) fn disagreement(result: &PaymentResult, standing: Option<&Standing>) -> Option<Reason> {
    let Some(standing) = standing else {
        return Some(Reason::new("unknown-order", "there is no such order"));
    };
    if standing.user_id != result.user_id || standing.amount_minor != result.amount.minor() {
        return Some(Reason::new("other-user-or-amount", "the order has another user or amount"));
    }
    let needs_request =
        matches!(result.verdict, Verdict::Refunded { .. } | Verdict::Refused(FailureReason::CancelledByUser));
    if needs_request && !standing.cancel_requested {
        return Some(Reason::new("cancellation-not-requested", "nobody asked for the order to be cancelled"));
    }
    let agrees = match (result.verdict, standing.status.as_str(), standing.cancel_reason.as_deref()) {
        // A result that comes after the refund is older than that.
        (Verdict::Paid, "FINISHED", _) | (Verdict::Paid, "CANCELLED", Some("REFUNDED")) => true,
        (Verdict::Refused(reason), "CANCELLED", Some(known)) => reason.as_str() == known,
        (Verdict::Refunded { .. }, "CANCELLED", Some(known)) => known == "REFUNDED",
        _ => false,
    };
    if agrees {
        return None;
    }
    let known = standing.cancel_reason.as_deref().unwrap_or_default();
    let text = format!("the order is {} {known} already", standing.status);
    Some(Reason::new("contradicting-result", text))
}

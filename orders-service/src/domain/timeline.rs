use chrono::{DateTime, Utc};
use contracts::events::{
    OrderCancelRequested, OrderCreated, OrderDelivered, OrderShipped, Payload, PaymentFailed,
    PaymentRefunded, PaymentSucceeded,
};
use messaging::event::event_id;
use serde::Serialize;
use uuid::Uuid;

/// When what happened to an order; `None` if it has not.
#[derive(Debug, Clone)]
pub(crate) struct Milestones {
    pub order_id: Uuid,
    pub cancel_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub cancel_requested_at: Option<DateTime<Utc>>,
    pub decided_at: Option<DateTime<Utc>>,
    pub settled_at: Option<DateTime<Utc>>,
    pub refunded_at: Option<DateTime<Utc>>,
    pub shipped_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
}

/// What has happened to an order, oldest first, as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Timeline {
    order_id: Uuid,
    steps: Vec<Step>,
}

#[derive(Debug, Serialize)]
struct Step {
    step: &'static str,
    at: DateTime<Utc>,
    /// The event that told of it.
    event_id: Option<Uuid>,
    reason: Option<String>,
}

impl From<Milestones> for Timeline {
    fn from(order: Milestones) -> Self {
        let id = |kind| Some(event_id(order.order_id, kind));
        let (decision, outcome) = match order.cancel_reason.as_deref() {
            None | Some("REFUNDED") => (PaymentSucceeded::KIND, "PAID"),
            Some(reason) => (PaymentFailed::KIND, reason),
        };
        let outcome = Some(outcome.to_owned());
        let created = Some(order.created_at);
        let mut steps: Vec<Step> = [
            ("CREATED", created, None, None),
            ("PAYMENT_REQUESTED", created, id(OrderCreated::KIND), None),
            ("CANCEL_REQUESTED", order.cancel_requested_at, id(OrderCancelRequested::KIND), None),
            ("PAYMENT_DECIDED", order.decided_at, id(decision), outcome.clone()),
            ("SETTLED", order.settled_at, id(decision), outcome),
            ("REFUNDED", order.refunded_at, id(PaymentRefunded::KIND), None),
            ("SHIPPED", order.shipped_at, id(OrderShipped::KIND), None),
            ("DELIVERED", order.delivered_at, id(OrderDelivered::KIND), None),
        ]
        .into_iter()
        .filter_map(|(step, at, event_id, reason)| Some(Step { step, at: at?, event_id, reason }))
        .collect();
        // Those of one moment stay in this order.
        steps.sort_by_key(|step| step.at);
        Self { order_id: order.order_id, steps }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn steps_are_in_the_order_of_their_times_and_name_their_events() {
        let created_at = Utc::now();
        let after = |millis| Some(created_at + TimeDelta::milliseconds(millis));
        let order = Milestones {
            order_id: Uuid::now_v7(),
            cancel_reason: Some("REFUNDED".to_owned()),
            created_at,
            cancel_requested_at: after(5),
            decided_at: after(2),
            settled_at: after(3),
            refunded_at: after(7),
            shipped_at: None,
            delivered_at: None,
        };
        let Timeline { steps, .. } = order.clone().into();
        let names: Vec<_> = steps.iter().map(|step| step.step).collect();
        let expected =
            ["CREATED", "PAYMENT_REQUESTED", "PAYMENT_DECIDED", "SETTLED", "CANCEL_REQUESTED", "REFUNDED"];
        assert_eq!(names, expected);
        assert_eq!(steps[2].reason.as_deref(), Some("PAID"));
        assert_eq!(steps[5].event_id, Some(event_id(order.order_id, "PaymentRefunded")));
    }
}

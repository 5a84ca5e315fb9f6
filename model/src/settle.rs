//! T4, settle: the update of an order that waits for such a result, in one commit.
//!
//! Its inbox is left out: what holds without it holds with it.

use crate::protocol::Protocol;
use crate::rules::Rule;
use crate::state::{Delivery, Event, Order, Reason, State, Status, Step};

/// The one step of T4.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settle(pub Delivery);

pub(crate) fn possible(state: &State) -> impl Iterator<Item = Settle> {
    let is_due = |delivery: &&Delivery| !delivery.event.is_request() && delivery.step == Step::Delivered;
    state.deliveries.distinct().filter(is_due).copied().map(Settle)
}

pub(crate) fn apply(protocol: &Protocol, state: &mut State, Settle(delivery): Settle) {
    let told = match delivery.event {
        Event::PaymentSucceeded(_) => Status::Finished,
        Event::PaymentFailed(_, reason) => Status::Failed(reason),
        _ => Status::Refunded,
    };
    let order = &mut state.orders[usize::from(delivery.event.order())];
    if waits_for(protocol, order, told) {
        order.status = told;
    } else if !knows(order, told) {
        state.dead_letters += 1;
    }
    state.advance(delivery, Step::Committed);
}

fn waits_for(protocol: &Protocol, order: &Order, told: Status) -> bool {
    let was_asked_for = order.cancelling || !protocol.keeps(Rule::CancelOnlyRequested);
    match told {
        _ if !protocol.keeps(Rule::SettleOnlyNew) => true,
        // It may come before the result that it takes back.
        Status::Refunded => match order.status {
            Status::New => was_asked_for && protocol.keeps(Rule::RefundFirst),
            status => was_asked_for && status == Status::Finished,
        },
        Status::Failed(Reason::CancelledByUser) => order.status == Status::New && was_asked_for,
        _ => order.status == Status::New,
    }
}

/// Whether the result repeats what is known, or was overtaken by a refund.
fn knows(order: &Order, told: Status) -> bool {
    order.status == told || (told, order.status) == (Status::Finished, Status::Refunded)
}

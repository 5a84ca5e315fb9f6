//! T4, settle: the update of an order that is NEW, in one commit.
//!
//! Its inbox is left out: what holds without it holds with it.

use crate::protocol::Protocol;
use crate::rules::Rule;
use crate::state::{Delivery, Event, State, Status, Step};

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
        _ => Status::Cancelled,
    };
    let order = &mut state.orders[usize::from(delivery.event.order())];
    if order.status == Status::New || !protocol.keeps(Rule::SettleOnlyNew) {
        order.status = told;
    } else if order.status != told {
        state.dead_letters += 1;
    }
    state.advance(delivery, Step::Committed);
}

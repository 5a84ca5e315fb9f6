//! T5, sweep: what an order still waits for is asked for again, through the outbox and in one commit.
//!
//! It holds back while a row of it is still there. Age is no part of the model: an order may be swept at any time,
//! too early as well.

use crate::protocol::Protocol;
use crate::rules::Rule;
use crate::state::{Event, Order, State, Status};

/// The one step of T5, by order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sweep(pub u8);

pub(crate) fn possible(protocol: &Protocol, state: &State) -> impl Iterator<Item = Sweep> {
    let sweeps = if protocol.keeps(Rule::Sweep) { protocol.bounds.sweeps } else { 0 };
    (0..).zip(&state.orders).filter_map(move |(id, order)| {
        let requests = requests(protocol, id, order);
        let waits = state.outbox.iter().any(|(event, _)| requests.contains(event));
        (!requests.is_empty() && !waits && order.swept < sweeps).then_some(Sweep(id))
    })
}

pub(crate) fn apply(protocol: &Protocol, state: &mut State, Sweep(id): Sweep) {
    let order = &mut state.orders[usize::from(id)];
    order.swept += 1;
    for request in requests(protocol, id, order) {
        state.enqueue(request);
    }
}

/// What is asked for an order that is NEW, and for one that is to be cancelled until it is.
fn requests(protocol: &Protocol, id: u8, order: &Order) -> Vec<Event> {
    let is_new = order.status == Status::New;
    // The sweep finds what is NEW by itself; of a paid order it knows because it was noted.
    let is_noted = is_new || (order.status == Status::Finished && protocol.keeps(Rule::NoteCancellation));
    let payment = is_new.then_some(Event::OrderCreated(id));
    let cancellation = (order.cancelling && is_noted).then_some(Event::OrderCancelRequested(id));
    payment.into_iter().chain(cancellation).collect()
}

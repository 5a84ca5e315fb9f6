//! T5, sweep: the request of an order that is still NEW goes into the outbox again, in one commit.
//!
//! It holds back while its row is still there. Age is no part of the model: an order may be swept at any time,
//! too early as well.

use crate::protocol::Protocol;
use crate::rules::Rule;
use crate::state::{Event, State, Status};

/// The one step of T5, by order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sweep(pub u8);

pub(crate) fn possible(protocol: &Protocol, state: &State) -> impl Iterator<Item = Sweep> {
    let sweeps = if protocol.keeps(Rule::Sweep) { protocol.bounds.sweeps } else { 0 };
    (0..).zip(&state.orders).filter_map(move |(id, order)| {
        let is_due = order.status == Status::New && order.swept < sweeps;
        (is_due && !state.outbox.contains_key(&Event::OrderCreated(id))).then_some(Sweep(id))
    })
}

pub(crate) fn apply(state: &mut State, Sweep(id): Sweep) {
    state.orders[usize::from(id)].swept += 1;
    state.enqueue(Event::OrderCreated(id));
}

//! T6, cancel: the order is marked, noted for the sweep, and its request goes into the outbox, in one commit.
//!
//! Asking again changes nothing, and is no step. That it is noted is seen in T5.

use crate::protocol::Protocol;
use crate::state::{Event, Order, State, Status};

/// The one step of T6, by order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cancel(pub u8);

pub(crate) fn possible(protocol: &Protocol, state: &State) -> impl Iterator<Item = Cancel> {
    let asked = state.orders.iter().filter(|order| order.cancelling).count();
    let may_ask = asked < usize::from(protocol.bounds.cancels);
    (0..).zip(&state.orders).filter_map(move |(id, order)| (may_ask && is_open(order)).then_some(Cancel(id)))
}

/// An order can be cancelled until it is shipped.
fn is_open(order: &Order) -> bool {
    matches!(order.status, Status::New | Status::Finished) && !order.shipped && !order.cancelling
}

pub(crate) fn apply(state: &mut State, Cancel(id): Cancel) {
    state.orders[usize::from(id)].cancelling = true;
    state.enqueue(Event::OrderCancelRequested(id));
}

//! T7, deliver: a paid order is shipped, in one commit. What comes after that can't be called back either.

use crate::protocol::Protocol;
use crate::rules::Rule;
use crate::state::{State, Status};

/// The one step of T7, by order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ship(pub u8);

pub(crate) fn possible(protocol: &Protocol, state: &State) -> impl Iterator<Item = Ship> {
    (0..).zip(&state.orders).filter_map(move |(id, order)| {
        let is_due = protocol.bounds.deliveries && order.status == Status::Finished && !order.shipped;
        let may_be_shipped = !order.cancelling || !protocol.keeps(Rule::KeepBack);
        (is_due && may_be_shipped).then_some(Ship(id))
    })
}

pub(crate) fn apply(state: &mut State, Ship(id): Ship) {
    state.orders[usize::from(id)].shipped = true;
}

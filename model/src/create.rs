//! T1, create: order and outbox row in one commit, under an Idempotency-Key.
//!
//! What dies before the commit has done nothing, and is no step.

use crate::protocol::Protocol;
use crate::rules::Rule;
use crate::state::{Event, Order, State, Status};

/// A step of T1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Create {
    /// A POST with this key commits, and its client has the answer.
    Answered(u8),
    /// It commits, but the answer is lost: the client does not know, and asks again.
    Unanswered(u8),
}

/// Clients are alike: who commits first is called the first.
pub(crate) fn possible(protocol: &Protocol, state: &State) -> Vec<Create> {
    let known = |key: u8| state.orders.iter().any(|order| order.key == key);
    let is_next = |key: u8| key == 0 || key == protocol.bounds.orders || known(key - 1);
    let mut steps = Vec::new();
    for &key in state.waiting.iter().filter(|key| is_next(**key)) {
        steps.push(Create::Answered(key));
        if state.left.crashes > 0 {
            steps.push(Create::Unanswered(key));
        }
    }
    steps
}

pub(crate) fn apply(protocol: &Protocol, state: &mut State, step: Create) {
    let (Create::Answered(key) | Create::Unanswered(key)) = step;
    let exists = state.orders.iter().any(|order| order.key == key);
    if !exists || !protocol.keeps(Rule::IdempotencyKey) {
        let order = state.orders.len() as u8;
        let swept = if protocol.bounds.sweeps_early { 0 } else { protocol.bounds.sweeps };
        state.orders.push(Order { key, status: Status::New, cancelling: false, shipped: false, swept });
        state.enqueue(Event::OrderCreated(order));
    }
    match step {
        Create::Answered(_) => drop(state.waiting.remove(&key)),
        Create::Unanswered(_) => state.left.crashes -= 1,
    }
}

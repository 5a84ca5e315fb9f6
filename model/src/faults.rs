//! What befalls the protocol: crashes, a broker that repeats or loses, and the world outside.
//!
//! A process that dies with several transactions in hand is as many crashes in a row.

use crate::protocol::Protocol;
use crate::state::{Delivery, Event, Row, State, Status};
use crate::{consume, pay, relay};

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// A process dies while its relay holds this row.
    CrashRelay(Event),
    /// A process dies while its consumer has this in hand.
    CrashConsumer(Delivery),
    /// A message is in its queue twice: repeated, or requeued while the first consumer still works on it.
    Duplicate(Event),
    /// The broker loses what is queued or unacknowledged. Consumers go on with what they have in hand.
    Wipe,
    /// The inbox drops the row of this order's request.
    Forget(u8),
    /// A result that contradicts the true one of an order that is final.
    Forge(Event),
    /// Money is paid in.
    Deposit,
}

pub(crate) fn possible(protocol: &Protocol, state: &State) -> Vec<Fault> {
    let (mut faults, left) = (Vec::new(), state.left);
    if left.crashes > 0 {
        let held = state.outbox.iter().filter(|(_, row)| **row != Row::Free);
        faults.extend(held.map(|(event, _)| Fault::CrashRelay(*event)));
        faults.extend(state.deliveries.distinct().map(|delivery| Fault::CrashConsumer(*delivery)));
    }
    if left.duplicates > 0 {
        faults.extend(state.queue.distinct().map(|event| Fault::Duplicate(*event)));
    }
    if left.wipes > 0 && (!state.queue.is_empty() || state.deliveries.iter().any(|it| it.kept)) {
        faults.push(Fault::Wipe);
    }
    if left.forgets > 0 {
        faults.extend(state.inbox.iter().map(|order| Fault::Forget(*order)));
    }
    if left.forgeries > 0 {
        faults.extend((0..).zip(&state.orders).filter_map(|(id, order)| match order.status {
            Status::New => None,
            Status::Finished => Some(Fault::Forge(Event::PaymentFailed(id))),
            Status::Cancelled => Some(Fault::Forge(Event::PaymentSucceeded(id))),
        }));
    }
    if left.deposits > 0 && !pay::account_is_locked(protocol, state) {
        faults.push(Fault::Deposit);
    }
    faults
}

pub(crate) fn apply(protocol: &Protocol, state: &mut State, fault: Fault) {
    let left = &mut state.left;
    match fault {
        Fault::CrashRelay(event) => {
            left.crashes -= 1;
            relay::crash(protocol, state, event);
        }
        Fault::CrashConsumer(delivery) => {
            left.crashes -= 1;
            consume::crash(state, delivery);
        }
        Fault::Duplicate(event) => {
            left.duplicates -= 1;
            state.queue.insert(event);
        }
        Fault::Wipe => {
            left.wipes -= 1;
            wipe(state);
        }
        Fault::Forget(order) => {
            left.forgets -= 1;
            state.inbox.remove(&order);
        }
        Fault::Forge(event) => {
            left.forgeries -= 1;
            state.queue.insert(event);
        }
        Fault::Deposit => {
            left.deposits -= 1;
            state.account.balance += 1;
            state.account.credits += 1;
        }
    }
}

fn wipe(state: &mut State) {
    state.queue.take();
    for delivery in state.deliveries.take() {
        state.deliveries.insert(Delivery { kept: false, ..delivery });
    }
    // The sweep never ends; what is bounded is how often it asks between two losses.
    for order in &mut state.orders {
        order.swept = 0;
    }
}

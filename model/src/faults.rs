//! What befalls the protocol: crashes, a broker that repeats or loses, and the world outside.
//!
//! A process that dies with several transactions in hand is as many crashes in a row.

use crate::protocol::Protocol;
use crate::state::{Delivery, Event, Order, Reason, Row, State, Status};
use crate::{consume, pay, relay};

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// A process dies while its relay has this row.
    CrashRelay(Event, Row),
    /// A process dies while its consumer has this in hand.
    CrashConsumer(Delivery),
    /// A message is in its queue twice: repeated, or requeued while the first consumer still works on it.
    Duplicate(Event),
    /// The broker loses what is queued or unacknowledged. Consumers go on with what they have in hand.
    Wipe,
    /// The inbox drops the row of this request.
    Forget(Event),
    /// A result that contradicts the true one of an order that is final, or a refund that nobody asked for.
    Forge(Event),
    /// Money is paid in.
    Deposit,
}

pub(crate) fn possible(protocol: &Protocol, state: &State) -> Vec<Fault> {
    let (mut faults, left) = (Vec::new(), state.left);
    if left.crashes > 0 {
        let held = state.outbox.distinct().filter(|(_, row)| *row != Row::Free);
        faults.extend(held.map(|(event, row)| Fault::CrashRelay(*event, *row)));
        faults.extend(state.deliveries.distinct().map(|delivery| Fault::CrashConsumer(*delivery)));
    }
    if left.duplicates > 0 {
        faults.extend(state.queue.distinct().map(|event| Fault::Duplicate(*event)));
    }
    if left.wipes > 0 && (!state.queue.is_empty() || state.deliveries.iter().any(|it| it.kept)) {
        faults.push(Fault::Wipe);
    }
    if left.forgets > 0 {
        faults.extend(state.inbox.iter().map(|request| Fault::Forget(*request)));
    }
    if left.forgeries > 0 {
        let orders = (0..).zip(&state.orders);
        faults.extend(orders.filter_map(|(id, order)| forgery(protocol, id, order)).map(Fault::Forge));
    }
    if left.deposits > 0 && !pay::account_is_locked(protocol, state) {
        faults.push(Fault::Deposit);
    }
    faults
}

pub(crate) fn apply(protocol: &Protocol, state: &mut State, fault: Fault) {
    let left = &mut state.left;
    match fault {
        Fault::CrashRelay(event, row) => {
            left.crashes -= 1;
            relay::crash(protocol, state, event, row);
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
        Fault::Forget(request) => {
            left.forgets -= 1;
            state.inbox.remove(&request);
        }
        Fault::Forge(event) => {
            left.forgeries -= 1;
            state.queue.insert(event);
        }
        Fault::Deposit => {
            left.deposits -= 1;
            state.account.balance += 1;
            state.account.deposits += 1;
        }
    }
}

/// Only contradictions: a forged refund of an order that may yet be cancelled could come true.
fn forgery(protocol: &Protocol, id: u8, order: &Order) -> Option<Event> {
    match order.status {
        Status::New => (protocol.bounds.cancels == 0).then_some(Event::PaymentRefunded(id)),
        Status::Failed(_) => Some(Event::PaymentSucceeded(id)),
        Status::Finished | Status::Refunded => Some(Event::PaymentFailed(id, Reason::Unpayable)),
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

//! What must hold in every state, and what must be seen in some.

use stateright::{Model, Property};

use crate::protocol::{Action, Protocol};
use crate::state::{Event, State, Status, Step};

/// A client that asks again does not order again.
pub const ONE_ORDER_PER_KEY: &str = "there is at most one order for a key";
/// A 201 is a promise.
pub const ACKNOWLEDGED_EXISTS: &str = "what was acknowledged exists";
/// A decision is final.
pub const ONE_DECISION_PER_ORDER: &str = "an order is decided at most once";
/// The debit is the decision's.
pub const DEBITED_AS_DECIDED: &str = "an order is debited once if it was decided paid, else never";
/// No overdraft.
pub const NEVER_NEGATIVE: &str = "no balance is negative";
/// No money appears or disappears.
pub const BOOKS_BALANCE: &str = "the balance is credits minus debits";
/// Orders and payments agree.
pub const FINAL_AS_DECIDED: &str = "an order is FINISHED only if paid, CANCELLED only if refused";
/// Liveness: when nothing is left to be done, and no accident helps, all is done.
pub const SETTLED_AT_REST: &str = "at rest every order is final and nothing waits";

type Expected = Property<Protocol>;

/// Invariants.
pub(crate) fn always() -> Vec<Expected> {
    vec![
        Expected::always(ONE_ORDER_PER_KEY, |_, state| {
            let keys = state.orders.iter().map(|order| order.key);
            keys.clone().all(|key| keys.clone().filter(|other| *other == key).count() == 1)
        }),
        Expected::always(ACKNOWLEDGED_EXISTS, |protocol, state| {
            let mut acknowledged = (0..protocol.keys()).filter(|key| !state.waiting.contains(key));
            acknowledged.all(|key| state.orders.iter().any(|order| order.key == key))
        }),
        Expected::always(ONE_DECISION_PER_ORDER, |_, state| {
            orders(state).all(|order| state.decisions.iter().filter(|it| it.order() == order).count() <= 1)
        }),
        Expected::always(DEBITED_AS_DECIDED, |_, state| {
            orders(state).all(|order| {
                let debits = state.debits.iter().filter(|debit| **debit == order).count();
                let paid = state.decision(order) == Some(Event::PaymentSucceeded(order));
                debits == usize::from(paid)
            })
        }),
        Expected::always(NEVER_NEGATIVE, |_, state| state.account.balance >= 0),
        Expected::always(BOOKS_BALANCE, |_, state| {
            state.account.balance == state.account.credits - state.debits.len() as i8
        }),
        Expected::always(FINAL_AS_DECIDED, |_, state| {
            orders(state).all(|order| match state.orders[usize::from(order)].status {
                Status::New => true,
                Status::Finished => state.decision(order) == Some(Event::PaymentSucceeded(order)),
                Status::Cancelled => state.decision(order) == Some(Event::PaymentFailed(order)),
            })
        }),
        Expected::always(SETTLED_AT_REST, |protocol, state| {
            state.is_settled() || !is_at_rest(protocol, state)
        }),
    ]
}

/// Situations that are explored if the bounds allow for them: what never happens proves nothing.
pub(crate) fn sometimes(protocol: &Protocol) -> Vec<Expected> {
    let bounds = protocol.bounds;
    let mut seen = vec![
        Expected::sometimes("an order is settled", |_, state| {
            has(state, Status::Finished) || has(state, Status::Cancelled)
        }),
        Expected::sometimes("a duplicate is told its decision again", |_, state| {
            let told = |step| matches!(step, Step::Begun { duplicate: true, stored: Some(_) });
            state.deliveries.iter().any(|delivery| told(delivery.step))
        }),
        Expected::sometimes("two consumers have the same message in hand", |_, state| {
            state.deliveries.windows(2).any(|pair| pair[0].event == pair[1].event)
        }),
    ];
    if bounds.orders + bounds.strangers > 1 {
        seen.push(Expected::sometimes("one order is paid and another refused", |_, state| {
            has(state, Status::Finished) && has(state, Status::Cancelled)
        }));
    }
    if bounds.faults.forgets > 0 {
        seen.push(Expected::sometimes("a decision is told again that the inbox forgot", |_, state| {
            let told = |step| matches!(step, Step::Begun { duplicate: false, stored: Some(_) });
            state.deliveries.iter().any(|delivery| told(delivery.step))
        }));
    }
    if bounds.faults.wipes > 0 {
        seen.push(Expected::sometimes("all that speaks of an order is what the sweep wrote", |_, state| {
            let asked = |order: &u8| state.orders[usize::from(*order)].swept > 0;
            orders(state).filter(asked).any(|order| {
                state.orders[usize::from(order)].status == Status::New
                    && state.outbox.keys().all(|row| row.order() != order || row.is_request())
                    && state.queue.iter().all(|event| event.order() != order)
                    && state.deliveries.iter().all(|delivery| delivery.event.order() != order)
            })
        }));
        seen.push(Expected::sometimes("all is settled after the last wipe", |_, state| {
            state.left.wipes == 0 && state.orders.len() == 1 && state.is_settled()
        }));
    }
    if bounds.faults.forgeries > 0 {
        seen.push(Expected::sometimes("a contradiction is a dead letter", |_, state| state.dead_letters > 0));
    }
    seen
}

/// Nothing but an accident can happen.
fn is_at_rest(protocol: &Protocol, state: &State) -> bool {
    let mut actions = Vec::new();
    protocol.actions(state, &mut actions);
    actions.iter().all(|action| matches!(action, Action::Fault(_)))
}

fn orders(state: &State) -> impl Iterator<Item = u8> {
    0..state.orders.len() as u8
}

fn has(state: &State, status: Status) -> bool {
    state.orders.iter().any(|order| order.status == status)
}

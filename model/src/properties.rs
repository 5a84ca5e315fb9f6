//! What must hold in every state, and what must be seen in some.

use stateright::{Model, Property};

use crate::bounds::Faults;
use crate::protocol::{Action, Protocol};
use crate::state::{Event, Known, Order, Reason, State, Status, Step};

/// A client that asks again does not order again.
pub const ONE_ORDER_PER_KEY: &str = "there is at most one order for a key";
/// A 201 is a promise.
pub const ACKNOWLEDGED_EXISTS: &str = "what was acknowledged exists";
/// A decision is final.
pub const ONE_DECISION_PER_ORDER: &str = "an order is decided at most once";
/// The debit is the decision's.
pub const DEBITED_AS_DECIDED: &str = "an order is debited once if it was decided paid, else never";
/// Nobody gets money for nothing.
pub const REFUNDED_ONCE: &str = "an order is paid back at most once, if it was debited and to be cancelled";
/// No overdraft.
pub const NEVER_NEGATIVE: &str = "no balance is negative";
/// No money appears or disappears.
pub const BOOKS_BALANCE: &str = "the balance is deposits and refunds minus debits";
/// Orders and payments agree.
pub const FINAL_AS_DECIDED: &str =
    "an order is FINISHED only if paid, CANCELLED only if refused or paid back";
/// Whoever has no goods has no debit.
pub const CANCELLED_COSTS_NOTHING: &str = "an order that is CANCELLED was not debited, or paid back";
/// Whoever has goods has paid.
pub const SHIPPED_IS_KEPT: &str = "an order that is shipped is FINISHED and not paid back";
/// Dead letters are somebody's work.
pub const NO_FALSE_LETTER: &str = "nothing is a dead letter unless something was forged";
/// Liveness: when nothing is left to be done, and no accident helps, all is done.
pub const SETTLED_AT_REST: &str =
    "at rest every order is final, CANCELLED if that was accepted, and nothing waits";

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
            orders(state).all(|order| state.entries(order).0 == usize::from(is_paid(state, order)))
        }),
        Expected::always(REFUNDED_ONCE, |_, state| {
            orders(state).all(|order| match state.entries(order) {
                (_, 0) => true,
                (debits, refunds) => {
                    debits == 1 && refunds == 1 && state.orders[usize::from(order)].cancelling
                }
            })
        }),
        Expected::always(NEVER_NEGATIVE, |_, state| state.account.balance >= 0),
        Expected::always(BOOKS_BALANCE, |_, state| {
            let entries = state.refunds.len() as i8 - state.debits.len() as i8;
            state.account.balance == state.account.deposits + entries
        }),
        Expected::always(FINAL_AS_DECIDED, |_, state| {
            orders(state).all(|order| match state.orders[usize::from(order)].status {
                Status::New => true,
                Status::Finished => is_paid(state, order),
                Status::Failed(reason) => state.decision(order) == Some(Event::PaymentFailed(order, reason)),
                Status::Refunded => is_paid(state, order) && state.entries(order).1 > 0,
            })
        }),
        Expected::always(CANCELLED_COSTS_NOTHING, |_, state| {
            orders(state).filter(|order| is_cancelled(state, *order)).all(|order| {
                let (debits, refunds) = state.entries(order);
                debits == refunds
            })
        }),
        Expected::always(SHIPPED_IS_KEPT, |_, state| {
            orders(state).filter(|order| state.orders[usize::from(*order)].shipped).all(|order| {
                let is_finished = state.orders[usize::from(order)].status == Status::Finished;
                is_finished && state.entries(order) == (1, 0)
            })
        }),
        Expected::always(NO_FALSE_LETTER, |protocol, state| {
            state.dead_letters == 0 || state.left.forgeries < protocol.bounds.faults.forgeries
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
            orders(state).any(|order| state.orders[usize::from(order)].status != Status::New)
        }),
        Expected::sometimes("two consumers have the same message in hand", |_, state| {
            state.deliveries.windows(2).any(|pair| pair[0].event == pair[1].event)
        }),
    ];
    if bounds.faults != Faults::NONE {
        seen.push(Expected::sometimes("a duplicate is told its decision again", |_, state| {
            state.deliveries.iter().any(|delivery| tells_again(delivery.step, true))
        }));
    }
    if bounds.cancels > 0 {
        seen.push(Expected::sometimes("an order is paid back", |_, state| has(state, Status::Refunded)));
        seen.push(Expected::sometimes("an order is cancelled before it is paid", |_, state| {
            has(state, Status::Failed(Reason::CancelledByUser))
        }));
        seen.push(Expected::sometimes("a refund comes before the result that it takes back", |_, state| {
            has(state, Status::Refunded)
                && state.outbox.iter().any(|(event, _)| matches!(event, Event::PaymentSucceeded(_)))
        }));
    }
    if bounds.cancels > 0 && bounds.deliveries {
        seen.push(Expected::sometimes("a paid order that is to be cancelled waits", |_, state| {
            let waits = |order: &Order| order.cancelling && order.status == Status::Finished;
            state.orders.iter().any(waits)
        }));
        seen.push(Expected::sometimes("an order is shipped", |_, state| {
            state.orders.iter().any(|order| order.shipped)
        }));
    }
    if bounds.orders + bounds.strangers > 1 {
        seen.push(Expected::sometimes("one order is paid and another refused", |_, state| {
            has(state, Status::Finished) && orders(state).any(|order| is_cancelled(state, order))
        }));
    }
    if bounds.faults.forgets > 0 {
        seen.push(Expected::sometimes("a decision is told again that the inbox forgot", |_, state| {
            state.deliveries.iter().any(|delivery| tells_again(delivery.step, false))
        }));
    }
    if bounds.faults.wipes > 0 {
        seen.push(Expected::sometimes("all that speaks of an order is what the sweep wrote", |_, state| {
            let asked = |order: &u8| state.orders[usize::from(*order)].swept > 0;
            orders(state).filter(asked).any(|order| {
                state.orders[usize::from(order)].status == Status::New
                    && state.outbox.iter().all(|(event, _)| event.order() != order || event.is_request())
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

/// Nothing but an accident can happen, or what somebody else may want.
fn is_at_rest(protocol: &Protocol, state: &State) -> bool {
    let mut actions = Vec::new();
    protocol.actions(state, &mut actions);
    actions.iter().all(|action| matches!(action, Action::Fault(_) | Action::Cancel(_) | Action::Deliver(_)))
}

fn orders(state: &State) -> impl Iterator<Item = u8> {
    0..state.orders.len() as u8
}

fn is_paid(state: &State, order: u8) -> bool {
    state.decision(order) == Some(Event::PaymentSucceeded(order))
}

fn is_cancelled(state: &State, order: u8) -> bool {
    matches!(state.orders[usize::from(order)].status, Status::Failed(_) | Status::Refunded)
}

/// Whether a decision was found, by an inbox that knew the request or did not.
fn tells_again(step: Step, was_known: bool) -> bool {
    matches!(step, Step::Begun(Known { duplicate, decision: Some(_), .. }) if duplicate == was_known)
}

fn has(state: &State, status: Status) -> bool {
    state.orders.iter().any(|order| order.status == status)
}

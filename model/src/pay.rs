//! T3, pay and pay back: inbox, what is known, account, decision, commit.
//!
//! The database's constraints on debits, refunds and balances, a second line, are left out: those must hold by the
//! protocol alone. That there is one decision for an order is different: its two requests have nothing else to wait for.

use crate::protocol::Protocol;
use crate::rules::Rule;
use crate::state::{Delivery, Event, Known, Reason, State, Step};

/// A step of T3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pay {
    /// The inbox row is inserted, then it is looked up what was decided and paid back.
    Begin(Delivery),
    /// `SELECT … FOR NO KEY UPDATE`, for what may change the account.
    Lock(Delivery),
    /// Decision, debit or credit, balance and answer, all at once.
    Commit(Delivery),
    /// The other request of the order was decided meanwhile (a unique violation): it begins anew.
    RollBack(Delivery),
}

/// What a transaction comes to.
struct Outcome {
    /// The stored one, or a new one.
    decision: Event,
    is_new: bool,
    /// What the balance changes by.
    entry: i8,
    answer: Event,
}

pub(crate) fn possible(protocol: &Protocol, state: &State) -> impl Iterator<Item = Pay> {
    let requests = state.deliveries.distinct().copied().filter(|delivery| delivery.event.is_request());
    requests.filter_map(|delivery| match delivery.step {
        Step::Delivered => (!waits_for_twin(protocol, state, delivery)).then_some(Pay::Begin(delivery)),
        Step::Begun(known) if may_change_account(delivery.event, known) => {
            (!waits_for_account(protocol, state, delivery)).then_some(Pay::Lock(delivery))
        }
        Step::Begun(known) => Some(end(protocol, state, delivery, known, None)),
        Step::Locked(known, balance) => Some(end(protocol, state, delivery, known, balance)),
        Step::Committed => None,
    })
}

fn end(protocol: &Protocol, state: &State, delivery: Delivery, known: Known, balance: Option<i8>) -> Pay {
    let Outcome { is_new, .. } = outcome(protocol, delivery.event, known, balance);
    let is_decided = state.decision(delivery.event.order()).is_some();
    // Who does not look for a decision would begin anew for ever.
    let is_unique = protocol.keeps(Rule::OneDecision) && protocol.keeps(Rule::StoredDecision);
    let is_too_late = is_new && is_decided && is_unique;
    if is_too_late { Pay::RollBack(delivery) } else { Pay::Commit(delivery) }
}

pub(crate) fn apply(protocol: &Protocol, state: &mut State, step: Pay) {
    match step {
        Pay::Begin(delivery) => {
            let order = delivery.event.order();
            let duplicate = state.inbox.contains(&delivery.event);
            let looked_up = duplicate || protocol.keeps(Rule::StoredDecision);
            let decision = state.decision(order).filter(|_| looked_up);
            let refunded = protocol.keeps(Rule::RefundOnce) && state.refunds.contains(&order);
            state.advance(delivery, Step::Begun(Known { duplicate, decision, refunded }));
        }
        Pay::Lock(delivery) => {
            let Step::Begun(known) = delivery.step else { return };
            let account = protocol.has_account(state, delivery.event.order());
            state.advance(delivery, Step::Locked(known, account.then_some(state.account.balance)));
        }
        Pay::Commit(delivery) => {
            match delivery.step {
                Step::Begun(known) => commit(protocol, state, delivery.event, known, None),
                Step::Locked(known, balance) => commit(protocol, state, delivery.event, known, balance),
                _ => {}
            }
            state.advance(delivery, Step::Committed);
        }
        Pay::RollBack(delivery) => state.advance(delivery, Step::Delivered),
    }
}

fn commit(protocol: &Protocol, state: &mut State, request: Event, known: Known, balance: Option<i8>) {
    let order = request.order();
    let Outcome { decision, is_new, entry, answer } = outcome(protocol, request, known, balance);
    if protocol.keeps(Rule::Inbox) {
        state.inbox.insert(request);
    }
    if is_new {
        state.decisions.insert(decision);
    }
    if let (1.. | ..=-1, Some(balance)) = (entry, balance) {
        state.account.balance = balance + entry;
        if entry < 0 { state.debits.insert(order) } else { state.refunds.insert(order) }
    }
    let says_something_new = known.decision.is_none() || entry != 0;
    if says_something_new || protocol.keeps(Rule::TellAgain) {
        state.enqueue(answer);
    }
}

/// No account, or too little on it, is a decision like any other; so is that an order is cancelled first.
fn outcome(protocol: &Protocol, request: Event, known: Known, balance: Option<i8>) -> Outcome {
    let order = request.order();
    let is_cancellation = request == Event::OrderCancelRequested(order);
    let paid = Event::PaymentSucceeded(order);
    let decision = known.decision.unwrap_or(match balance {
        _ if is_cancellation => Event::PaymentFailed(order, Reason::CancelledByUser),
        Some(balance) if balance >= 1 || !protocol.keeps(Rule::CheckBalance) => paid,
        _ => Event::PaymentFailed(order, Reason::Unpayable),
    });
    let is_refund = is_cancellation && decision == paid;
    let is_new = known.decision.is_none() && (!is_cancellation || protocol.keeps(Rule::DecideCancellation));
    let entry = match decision {
        _ if is_refund && !known.refunded => 1,
        _ if is_new && decision == paid => -1,
        _ => 0,
    };
    Outcome {
        decision,
        is_new,
        entry,
        answer: if is_refund { Event::PaymentRefunded(order) } else { decision },
    }
}

fn may_change_account(request: Event, known: Known) -> bool {
    match request {
        Event::OrderCancelRequested(_) => !known.refunded,
        _ => known.decision.is_none(),
    }
}

/// An insert waits for the transaction that has inserted the same inbox row and is open.
fn waits_for_twin(protocol: &Protocol, state: &State, delivery: Delivery) -> bool {
    let is_open = |step| matches!(step, Step::Begun(_) | Step::Locked(..));
    let mut others = state.deliveries.iter();
    protocol.keeps(Rule::Inbox) && others.any(|it| it.event == delivery.event && is_open(it.step))
}

fn waits_for_account(protocol: &Protocol, state: &State, delivery: Delivery) -> bool {
    protocol.has_account(state, delivery.event.order()) && account_is_locked(protocol, state)
}

/// Whether an open transaction holds the account.
pub(crate) fn account_is_locked(protocol: &Protocol, state: &State) -> bool {
    let holds = |step| matches!(step, Step::Locked(_, Some(_)));
    protocol.keeps(Rule::LockAccount) && state.deliveries.iter().any(|delivery| holds(delivery.step))
}

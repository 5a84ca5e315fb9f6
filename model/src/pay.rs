//! T3, pay: inbox, stored decision, account, decision, commit.
//!
//! The database's constraints, a second line, are left out: one decision per order and balances of zero and more
//! must hold by the protocol alone.

use crate::protocol::Protocol;
use crate::rules::Rule;
use crate::state::{Delivery, Event, Row, State, Step};

/// A step of T3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pay {
    /// The inbox row is inserted, then the decision is looked up that may exist.
    Begin(Delivery),
    /// `SELECT … FOR NO KEY UPDATE`, for what is undecided.
    Lock(Delivery),
    /// Decision, debit, balance and result, all at once.
    Commit(Delivery),
}

pub(crate) fn possible(protocol: &Protocol, state: &State) -> impl Iterator<Item = Pay> {
    let requests = state.deliveries.distinct().copied().filter(|delivery| delivery.event.is_request());
    requests.filter_map(|delivery| match delivery.step {
        Step::Delivered => (!waits_for_twin(protocol, state, delivery)).then_some(Pay::Begin(delivery)),
        Step::Begun { stored: None, .. } => {
            (!waits_for_account(protocol, state, delivery)).then_some(Pay::Lock(delivery))
        }
        Step::Begun { stored: Some(decision), .. } => {
            (!waits_for_relay(state, decision)).then_some(Pay::Commit(delivery))
        }
        Step::Locked(balance) => {
            let decision = decide(protocol, delivery.event.order(), balance);
            (!waits_for_relay(state, decision)).then_some(Pay::Commit(delivery))
        }
        Step::Committed => None,
    })
}

pub(crate) fn apply(protocol: &Protocol, state: &mut State, step: Pay) {
    match step {
        Pay::Begin(delivery) => {
            let order = delivery.event.order();
            let duplicate = state.inbox.contains(&order);
            let looked_up = duplicate || protocol.keeps(Rule::StoredDecision);
            let stored = state.decision(order).filter(|_| looked_up);
            state.advance(delivery, Step::Begun { duplicate, stored });
        }
        Pay::Lock(delivery) => {
            let account = protocol.has_account(state, delivery.event.order());
            state.advance(delivery, Step::Locked(account.then_some(state.account.balance)));
        }
        Pay::Commit(delivery) => {
            commit(protocol, state, delivery);
            state.advance(delivery, Step::Committed);
        }
    }
}

fn commit(protocol: &Protocol, state: &mut State, delivery: Delivery) {
    let order = delivery.event.order();
    if protocol.keeps(Rule::Inbox) {
        state.inbox.insert(order);
    }
    match delivery.step {
        Step::Begun { stored: Some(decision), .. } if protocol.keeps(Rule::TellAgain) => {
            state.enqueue(decision);
        }
        Step::Locked(balance) => {
            let decision = decide(protocol, order, balance);
            if let (Event::PaymentSucceeded(_), Some(balance)) = (decision, balance) {
                state.debits.insert(order);
                state.account.balance = balance - 1;
            }
            state.decisions.insert(decision);
            state.enqueue(decision);
        }
        _ => {}
    }
}

/// No account, or too little on it, is a decision like any other.
fn decide(protocol: &Protocol, order: u8, balance: Option<i8>) -> Event {
    match balance {
        Some(balance) if balance >= 1 || !protocol.keeps(Rule::CheckBalance) => {
            Event::PaymentSucceeded(order)
        }
        _ => Event::PaymentFailed(order),
    }
}

/// An insert waits for the transaction that has inserted the same inbox row and is open.
fn waits_for_twin(protocol: &Protocol, state: &State, delivery: Delivery) -> bool {
    let is_open = |step| matches!(step, Step::Begun { .. } | Step::Locked(_));
    let mut others = state.deliveries.iter();
    protocol.keeps(Rule::Inbox) && others.any(|it| it.event == delivery.event && is_open(it.step))
}

fn waits_for_account(protocol: &Protocol, state: &State, delivery: Delivery) -> bool {
    protocol.has_account(state, delivery.event.order()) && account_is_locked(protocol, state)
}

/// Whether an open transaction holds the account.
pub(crate) fn account_is_locked(protocol: &Protocol, state: &State) -> bool {
    let holds = |step| matches!(step, Step::Locked(Some(_)));
    protocol.keeps(Rule::LockAccount) && state.deliveries.iter().any(|delivery| holds(delivery.step))
}

/// An insert waits for the relay that has deleted the same row and is open.
fn waits_for_relay(state: &State, result: Event) -> bool {
    state.outbox.get(&result).is_some_and(|row| *row != Row::Free)
}

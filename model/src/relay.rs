//! T2, relay: claim a row, publish it, await the broker's answer, commit; for either outbox.
//!
//! A batch is as many of these as go on together.

use crate::bounds::REPLICAS;
use crate::protocol::Protocol;
use crate::rules::Rule;
use crate::state::{Answer, Event, Row, State};

/// A step of T2, by the row that is relayed: a row has one relay at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Relay {
    /// `DELETE … FOR UPDATE SKIP LOCKED … RETURNING`.
    Claim(Event),
    /// The message goes out, and the broker answers.
    Publish(Event, Answer),
    /// The row is gone.
    Commit(Event),
    /// The row is back.
    RollBack(Event),
}

pub(crate) fn possible(protocol: &Protocol, state: &State) -> impl Iterator<Item = Relay> {
    state.outbox.iter().flat_map(|(&event, row)| match row {
        Row::Free if held(state, event) < REPLICAS => vec![Relay::Claim(event)],
        Row::Free => vec![],
        Row::Claimed => answers(state).iter().map(|answer| Relay::Publish(event, *answer)).collect(),
        Row::Answered(answer) if is_sent(protocol, *answer) => vec![Relay::Commit(event)],
        Row::Answered(_) => vec![Relay::RollBack(event)],
    })
}

/// Whether the relay takes this answer for a confirm.
fn is_sent(protocol: &Protocol, answer: Answer) -> bool {
    match answer {
        Answer::Confirmed => true,
        Answer::Returned => !protocol.keeps(Rule::HeedReturn),
        Answer::Silent => !protocol.keeps(Rule::AwaitConfirm),
    }
}

pub(crate) fn apply(state: &mut State, step: Relay) {
    match step {
        Relay::Claim(event) => drop(state.outbox.insert(event, Row::Claimed)),
        Relay::Publish(event, answer) => {
            match answer {
                Answer::Confirmed => state.queue.insert(event),
                Answer::Returned | Answer::Silent => state.left.refusals -= 1,
            }
            state.outbox.insert(event, Row::Answered(answer));
        }
        Relay::Commit(event) => drop(state.outbox.remove(&event)),
        Relay::RollBack(event) => drop(state.outbox.insert(event, Row::Free)),
    }
}

/// The process of the relay that holds this row dies, and its transaction with it.
pub(crate) fn crash(protocol: &Protocol, state: &mut State, event: Event) {
    state.outbox.insert(event, Row::Free);
    if !protocol.keeps(Rule::DeleteAfterConfirm) {
        state.outbox.remove(&event);
    }
}

fn answers(state: &State) -> &'static [Answer] {
    match state.left.refusals {
        0 => &[Answer::Confirmed],
        _ => &[Answer::Confirmed, Answer::Returned, Answer::Silent],
    }
}

/// Rows of the same outbox that relays hold.
fn held(state: &State, event: Event) -> usize {
    let same_outbox = state.outbox.iter().filter(|(other, _)| other.is_request() == event.is_request());
    same_outbox.filter(|(_, row)| **row != Row::Free).count()
}

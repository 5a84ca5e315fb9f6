//! T2, relay: send a row from memory and delete it later, or claim it, publish it, await the broker's answer, commit; for
//! either outbox.
//!
//! A batch is as many of these as go on together.

use crate::bounds::REPLICAS;
use crate::protocol::Protocol;
use crate::rules::Rule;
use crate::state::{Answer, Event, Row, State};

/// A step of T2, by the row: its event, and how far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Relay {
    /// It goes out from memory and is confirmed. If it is not, nothing has changed.
    Send(Event),
    /// What was sent from memory is deleted.
    Forget(Event),
    /// `DELETE … FOR UPDATE SKIP LOCKED … RETURNING`.
    Claim(Event),
    /// The message goes out, and the broker answers.
    Publish(Event, Answer),
    /// The row is gone.
    Commit(Event, Answer),
    /// The row is back.
    RollBack(Event, Answer),
}

pub(crate) fn possible(protocol: &Protocol, state: &State) -> impl Iterator<Item = Relay> {
    state.outbox.distinct().flat_map(|&(event, row)| {
        let claim = (held(state, event) < REPLICAS).then_some(Relay::Claim(event));
        let send = protocol.bounds.memory.then_some(Relay::Send(event));
        match row {
            Row::Free => send.into_iter().chain(claim).collect(),
            Row::Sent => vec![Relay::Forget(event)],
            Row::Claimed => answers(state).iter().map(|answer| Relay::Publish(event, *answer)).collect(),
            Row::Answered(answer) if is_sent(protocol, answer) => vec![Relay::Commit(event, answer)],
            Row::Answered(answer) => vec![Relay::RollBack(event, answer)],
        }
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

pub(crate) fn apply(protocol: &Protocol, state: &mut State, step: Relay) {
    match step {
        Relay::Send(event) => {
            state.queue.insert(event);
            state.outbox.replace(&(event, Row::Free), (event, Row::Sent));
        }
        Relay::Forget(event) if protocol.keeps(Rule::ForgetRows) => state.outbox.remove(&(event, Row::Sent)),
        Relay::Forget(event) => {
            let others = state.outbox.take().into_iter().filter(|(other, _)| *other != event);
            others.for_each(|row| state.outbox.insert(row));
        }
        Relay::Claim(event) => state.outbox.replace(&(event, Row::Free), (event, Row::Claimed)),
        Relay::Publish(event, answer) => {
            match answer {
                Answer::Confirmed => state.queue.insert(event),
                Answer::Returned | Answer::Silent => state.left.refusals -= 1,
            }
            state.outbox.replace(&(event, Row::Claimed), (event, Row::Answered(answer)));
        }
        Relay::Commit(event, answer) => state.outbox.remove(&(event, Row::Answered(answer))),
        Relay::RollBack(event, answer) => {
            state.outbox.replace(&(event, Row::Answered(answer)), (event, Row::Free));
        }
    }
}

/// The process of the relay that has this row dies, and its transaction or its memory with it.
pub(crate) fn crash(protocol: &Protocol, state: &mut State, event: Event, row: Row) {
    if protocol.keeps(Rule::DeleteAfterConfirm) || row == Row::Sent {
        state.outbox.replace(&(event, row), (event, Row::Free));
    } else {
        state.outbox.remove(&(event, row));
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
    same_outbox.filter(|(_, row)| row.is_held()).count()
}

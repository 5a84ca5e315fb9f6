//! Dead letters: events that a handler refuses, set aside with the reason while their neighbours go through.
//!
//! A refused event becomes the data of a [`KIND`] event that goes to the queue's dead-letter queue through the
//! outbox, in the transaction that handled its batch. A body that is no batch at all is rejected instead, and
//! the broker moves it to the same queue as it is.

use std::collections::HashSet;

use chrono::Utc;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::event::Event;
use crate::outbox::Message;
use crate::topology::dead_letter_queue;
use crate::{Received, Refusal};

/// The type of a dead letter.
pub const KIND: &str = "DeadLettered";

#[derive(Serialize)]
struct DeadLetter<'a> {
    /// Where it was taken from.
    queue: &'a str,
    /// Why, for the operator.
    reason: &'a str,
    /// What was refused: byte for byte if it was no CloudEvent, else its attributes that the specification names.
    event: &'a RawValue,
}

/// Characters of a reason, at most. A parser's message may quote all that it could not read.
const MAX_REASON: usize = 500;

/// The message that sets `event` aside. The same event refused again from the same queue has the same id.
pub(crate) fn message(queue: &str, reason: &str, event: &RawValue) -> Message {
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_OID, queue.as_bytes());
    let content = Uuid::new_v5(&namespace, event.get().as_bytes());
    let letter = DeadLetter { queue, reason: shortened(reason), event };
    let event = Event::new(queue, KIND, content, Utc::now(), &letter);
    Message::new(&event, &dead_letter_queue(queue))
}

/// The ids that the inbox is to forget again: of events that were new and are refused.
///
/// Of several places that an id has in the batch the first decides. The others were given to the handler as
/// duplicates: if it relies on that, they had no effect either, and if it does not, it needs no inbox.
pub(crate) fn without_effect(received: &[Received<'_>], refusals: &[Refusal]) -> Vec<Uuid> {
    let refused: HashSet<usize> = refusals.iter().map(|refusal| refusal.index).collect();
    let refused = received.iter().enumerate().filter(|(index, _)| refused.contains(index));
    refused.filter(|(_, received)| !received.duplicate).map(|(_, received)| received.event.id).collect()
}

/// The beginning of a reason, for the log and the letter.
pub(crate) fn shortened(reason: &str) -> &str {
    match reason.char_indices().nth(MAX_REASON) {
        Some((end, _)) => &reason[..end],
        None => reason,
    }
}

//! Dead letters: events that a handler refuses, set aside with the reason while their neighbours go through.
//!
//! A refused event becomes the data of a [`KIND`] event that goes to the queue's dead-letter queue through the
//! outbox, in the transaction that handled its batch. A body that is no batch at all is rejected instead, and
//! the broker moves it to the same queue as it is.

use chrono::Utc;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::event::Event;
use crate::outbox::Message;
use crate::topology::dead_letter_queue;

/// The type of a dead letter.
pub const KIND: &str = "DeadLettered";

#[derive(Serialize)]
struct DeadLetter<'a> {
    /// Where it was taken from.
    queue: &'a str,
    /// Why, for the operator.
    reason: &'a str,
    /// What was refused, byte for byte.
    event: &'a RawValue,
}

/// The message that sets `event` aside. The same event refused again has the same id.
pub(crate) fn message(queue: &str, reason: &str, event: &RawValue) -> Message {
    let content = Uuid::new_v5(&Uuid::NAMESPACE_OID, event.get().as_bytes());
    let letter = DeadLetter { queue, reason, event };
    let event = Event::new(queue, KIND, content, Utc::now(), &letter);
    Message::new(&event, &dead_letter_queue(queue))
}

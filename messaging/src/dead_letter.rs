//! Dead letters: events that a handler refuses, set aside with the reason while their neighbours go through.
//!
//! A refused event becomes the data of a [`KIND`] event that goes to the queue's dead-letter queue through the
//! outbox, in the transaction that handled its batch. A body that is no batch at all is rejected instead, and
//! the broker moves it to the same queue as it is. Both read as a [`DeadLetter`].
//!
//! A refused event has had no effect, so the inbox forgets its id: [`redrive`] hands it to its consumer again, as if
//! it came for the first time. One that did have an effect comes as a duplicate.

mod letter;
mod queue;

pub use letter::{Content, DeadLetter};
pub use queue::{Choice, MAX_HELD, list, redrive};

use std::borrow::Cow;

use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::event::Event;
use crate::outbox::Message;
use crate::topology::dead_letter_queue;
use crate::{Received, Refusal};

/// The type of a dead letter.
pub const KIND: &str = "DeadLettered";
/// The code of an event in a readable batch that is no CloudEvent.
pub const NOT_A_CLOUDEVENT: &str = "not-a-cloudevent";
/// The code of a body that its consumer rejected, for it could not read it as a batch.
pub const NOT_A_BATCH: &str = "not-a-batch";
/// The code of a body in the dead-letter queue that neither a consumer nor the broker has put there.
pub const NOT_A_LETTER: &str = "not-a-letter";

/// Characters of a reason, at most. A parser's message may quote all that it could not read.
const MAX_REASON: usize = 500;

/// Why an event is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A stable name, such as `unknown-order`: what a runbook is looked up by and letters are chosen by.
    pub code: &'static str,
    /// The particulars, for the operator.
    pub text: String,
}

impl Reason {
    /// A reason in so many words.
    pub fn new(code: &'static str, text: impl ToString) -> Self {
        Self { code, text: text.to_string() }
    }
}

/// A letter's data.
#[derive(Serialize, Deserialize)]
struct Data<'a> {
    /// Where it was taken from.
    #[serde(borrow)]
    queue: Cow<'a, str>,
    #[serde(borrow, default)]
    code: Cow<'a, str>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    /// For whoever searches; null if the event has none that can be read.
    #[serde(default)]
    event_id: Option<String>,
    /// What was refused: byte for byte if it was no CloudEvent, else its attributes that the specification names.
    #[serde(borrow)]
    event: &'a RawValue,
}

/// The message that sets `event` aside. The same event refused again from the same queue has the same id.
pub(crate) fn message(queue: &str, reason: &Reason, event: &RawValue) -> Message {
    let letter = Data {
        queue: queue.into(),
        code: reason.code.into(),
        reason: shortened(&reason.text).into(),
        event_id: letter::attribute(event, "id"),
        event,
    };
    let content = content_id(queue, event.get().as_bytes());
    let event = Event::new(queue, KIND, content, Utc::now(), &letter);
    Message::new(&event, &dead_letter_queue(queue))
}

/// The ids that the inbox is to forget again: of events that were new and are refused.
///
/// Of several places that an id has in the batch the first decides. The others were given to the handler as
/// duplicates: if it relies on that, they had no effect either, and if it does not, it needs no inbox.
pub(crate) fn without_effect(received: &[Received<'_>], refusals: &[Refusal]) -> Vec<Uuid> {
    let refused = refusals.iter().map(|refusal| &received[refusal.index]);
    refused.filter(|received| !received.duplicate).map(|received| received.event.id).collect()
}

/// The beginning of a reason, for the log and the letter.
pub(crate) fn shortened(reason: &str) -> &str {
    match reason.char_indices().nth(MAX_REASON) {
        Some((end, _)) => &reason[..end],
        None => reason,
    }
}

/// What was set aside, and where: the subject of a letter.
fn content_id(queue: &str, content: &[u8]) -> Uuid {
    Uuid::new_v5(&Uuid::new_v5(&Uuid::NAMESPACE_OID, queue.as_bytes()), content)
}

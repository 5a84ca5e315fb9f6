//! A dead letter as it is read.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::AMQPValue;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Data, KIND, MAX_REASON, NOT_A_BATCH, NOT_A_LETTER, content_id};
use crate::event::{Event, event_id, split_batch};

/// Something that a queue's consumer could not apply, or that the broker gave up.
#[derive(Debug, Clone, Serialize)]
pub struct DeadLetter {
    /// Follows from the queue and the content: what is refused twice has the same id twice.
    pub id: Uuid,
    /// When it was set aside; of a rejected body, to the second.
    pub time: Option<DateTime<Utc>>,
    /// The queue that it comes from.
    pub queue: String,
    /// The reason's stable name: a handler's, or one of this module's, or, of what the broker moved for reasons of its
    /// own, the broker's (`delivery-limit`, `expired`, `maxlen`).
    pub code: String,
    /// The particulars.
    pub reason: String,
    /// The event's id, if it has one that can be read.
    pub event_id: Option<String>,
    /// The event's type, on the same condition.
    #[serde(rename = "event_type")]
    pub kind: Option<String>,
    /// What was set aside.
    #[serde(flatten)]
    pub content: Content,
}

/// What a letter holds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// One event, as JSON.
    Event(Box<RawValue>),
    /// A whole message body, as it came; in JSON a string, with U+FFFD for what is not UTF-8.
    #[serde(serialize_with = "lossy")]
    Body(Vec<u8>),
}

impl DeadLetter {
    /// Whether `id` means this letter: its event's id, or its own, of which eight characters are enough.
    pub fn is(&self, id: &str) -> bool {
        let is_own = id.len() >= 8 && self.id.to_string().starts_with(id);
        is_own || self.event_id.as_deref() == Some(id)
    }
}

/// The letters of a message in the dead-letter queue of `queue`: those that a relay has sent together, or one that is
/// the whole body.
pub(super) fn read(queue: &str, delivery: &Delivery) -> Vec<DeadLetter> {
    let death = Death::of(&delivery.properties);
    // What the broker has moved is a body that nobody could read, whatever it pretends to be.
    let written = if death.is_none() { written(queue, &delivery.data) } else { None };
    written.unwrap_or_else(|| vec![whole_body(queue, delivery, death)])
}

/// An attribute of something that need not be a CloudEvent, if it is text of a reasonable length.
pub(super) fn attribute(event: &RawValue, name: &str) -> Option<String> {
    let attributes: HashMap<String, &RawValue> = serde_json::from_str(event.get()).ok()?;
    let text: String = serde_json::from_str(attributes.get(name)?.get()).ok()?;
    (text.len() <= MAX_REASON).then_some(text)
}

fn written(queue: &str, body: &[u8]) -> Option<Vec<DeadLetter>> {
    // A letter quotes a whole event, so that its body may be larger than one that a consumer reads.
    let events: Vec<&RawValue> = serde_json::from_slice(body).ok()?;
    let letters = events.into_iter().map(|raw| {
        let event = Event::from_json(raw.get()).ok().filter(|event| event.kind == KIND)?;
        let data: Data<'_> = serde_json::from_str(event.data.get()).ok()?;
        Some(DeadLetter {
            id: event.id,
            time: event.time,
            queue: queue.to_owned(),
            code: data.code.into_owned(),
            reason: data.reason.into_owned(),
            event_id: attribute(data.event, "id"),
            kind: attribute(data.event, "type"),
            content: Content::Event(data.event.to_owned()),
        })
    });
    letters.collect::<Option<Vec<_>>>().filter(|letters| !letters.is_empty())
}

fn whole_body(queue: &str, delivery: &Delivery, death: Option<Death>) -> DeadLetter {
    let body = delivery.data.clone();
    let (code, reason) = match death.as_ref().map(|death| death.reason.as_str()) {
        Some("rejected") => {
            let readable = "rejected, though the body is a batch of events".to_owned();
            (NOT_A_BATCH.to_owned(), split_batch(&body).err().unwrap_or(readable))
        }
        Some(reason) => (reason.replace('_', "-"), "moved by the broker".to_owned()),
        None => (NOT_A_LETTER.to_owned(), "published to the dead-letter queue by somebody else".to_owned()),
    };
    let seconds = death.map_or(*delivery.properties.timestamp(), |death| death.time);
    DeadLetter {
        id: event_id(content_id(queue, &body), KIND),
        time: seconds.and_then(|seconds| DateTime::from_timestamp(seconds.try_into().ok()?, 0)),
        queue: queue.to_owned(),
        code,
        reason: super::shortened(&reason).to_owned(),
        event_id: None,
        kind: None,
        content: Content::Body(body),
    }
}

/// What the broker says of a message that it has moved.
struct Death {
    reason: String,
    /// Seconds since 1970.
    time: Option<u64>,
}

impl Death {
    /// The newest entry of the header `x-death`.
    fn of(properties: &BasicProperties) -> Option<Self> {
        let AMQPValue::FieldArray(deaths) = properties.headers().as_ref()?.inner().get("x-death")? else {
            return None;
        };
        let AMQPValue::FieldTable(death) = deaths.as_slice().first()? else {
            return None;
        };
        let reason = match death.inner().get("reason") {
            Some(AMQPValue::LongString(reason)) => reason.to_string(),
            _ => return None,
        };
        let time = match death.inner().get("time") {
            Some(AMQPValue::Timestamp(seconds)) => Some(*seconds),
            _ => None,
        };
        Some(Self { reason, time })
    }
}

fn lossy<S: Serializer>(body: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(body))
}

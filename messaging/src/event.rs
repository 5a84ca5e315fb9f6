//! [CloudEvents 1.0](https://cloudevents.io) in JSON, and batches of them.
//!
//! A message body is a CloudEvents batch, `application/cloudevents-batch+json`: a JSON array of 1 … [`MAX_BATCH`]
//! events. One at low load, many under load: below that, the cost of an AMQP message (frames, wake-ups, the
//! broker's log) is most of the cost of an event.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

/// Events in one message, at most. Bounds a message's size and the work of one delivery.
pub const MAX_BATCH: usize = 100;

/// Bytes of a body that is read, at most: a batch is parsed in memory, and a dead letter that quotes one of its
/// events must still fit into a message.
pub const MAX_BODY_BYTES: usize = 4 << 20;

/// The media type of a message body.
pub const CONTENT_TYPE: &str = "application/cloudevents-batch+json";

const SPEC_VERSION: &str = "1.0";

/// One CloudEvent. Its `id` must be a UUID: it is the inbox's key.
#[derive(Debug, Clone)]
pub struct Event {
    /// Identifies the event, for ever: a re-sent event has the id of the first.
    pub id: Uuid,
    /// What happened, for example `OrderCreated`.
    pub kind: String,
    /// The service that says so.
    pub source: String,
    /// The thing it happened to.
    pub subject: Option<String>,
    /// When it happened.
    pub time: Option<DateTime<Utc>>,
    /// The payload, as JSON that has been scanned but not interpreted.
    pub data: Box<RawValue>,
}

/// The JSON shape, attribute by attribute as the specification names them.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    specversion: Cow<'a, str>,
    // Of a UUID's forms only the one that JSON Schema's `uuid` means.
    #[serde(with = "uuid::serde::hyphenated")]
    id: Uuid,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    datacontenttype: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Cow<'a, RawValue>,
}

/// The id of the one event of this type about this subject.
///
/// Deterministic, so that an event which is produced again (by a sweep, or for a duplicate request) is the same
/// event and is absorbed by the receiver's inbox.
///
/// It is a UUID v8: the subject's first 48 bits, which are the time of a UUID v7, and then the UUID v5 of the type in
/// the subject's namespace. Ids of one moment are neighbours in the indexes of outbox and inbox; with the hash alone
/// an insert there costs nearly twice as much, because each goes to a page of its own.
pub fn event_id(subject: Uuid, kind: &str) -> Uuid {
    let mut bytes = Uuid::new_v5(&subject, kind.as_bytes()).into_bytes();
    bytes[..6].copy_from_slice(&subject.as_bytes()[..6]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

impl Event {
    /// An event about `subject`, with the [deterministic id](event_id) of its type and subject.
    ///
    /// # Panics
    /// If `data` can't be JSON (a map with keys that are not strings).
    pub fn new(source: &str, kind: &str, subject: Uuid, time: DateTime<Utc>, data: &impl Serialize) -> Self {
        Self {
            id: event_id(subject, kind),
            kind: kind.to_owned(),
            source: source.to_owned(),
            subject: Some(subject.to_string()),
            time: Some(time),
            data: to_raw_value(data).expect("event data is JSON"),
        }
    }

    /// The event as one JSON object.
    ///
    /// # Panics
    /// Never: every part is JSON already.
    pub fn to_json(&self) -> String {
        let wire = Wire {
            specversion: SPEC_VERSION.into(),
            id: self.id,
            kind: self.kind.as_str().into(),
            source: self.source.as_str().into(),
            subject: self.subject.as_deref().map(Into::into),
            time: self.time.map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true).into()),
            datacontenttype: Some("application/json".into()),
            data: Cow::Borrowed(&self.data),
        };
        serde_json::to_string(&wire).expect("an event is JSON")
    }

    /// Reads one event; the error says what is wrong with it.
    pub fn from_json(json: &str) -> Result<Self, String> {
        // The parser would take an array of the attributes' values for the object.
        if !json.trim_start().starts_with('{') {
            return Err("an event is a JSON object".to_owned());
        }
        let wire: Wire<'_> = serde_json::from_str(json).map_err(|error| error.to_string())?;
        if wire.specversion != SPEC_VERSION {
            return Err(format!("specversion {:?} is not {SPEC_VERSION}", wire.specversion));
        }
        let time = wire.time.map(|text| parse_time(&text)).transpose()?;
        Ok(Self {
            id: wire.id,
            kind: wire.kind.into_owned(),
            source: wire.source.into_owned(),
            subject: wire.subject.map(Into::into),
            time,
            data: wire.data.into_owned(),
        })
    }
}

/// Reads a time of RFC 3339, which is what JSON Schema's `date-time` means; the error quotes what is none.
pub fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    // The parser would take a space for the T, a typographer's minus for the sign and a leap second in any minute.
    if !text.is_ascii() || text.as_bytes().get(10) == Some(&b' ') {
        return Err(format!("time {text:?} is not as RFC 3339 has it"));
    }
    let time =
        DateTime::parse_from_rfc3339(text).map_err(|error| format!("time {text:?}: {error}"))?.to_utc();
    let is_leap_second = time.nanosecond() >= 1_000_000_000;
    if is_leap_second && (time.hour(), time.minute()) != (23, 59) {
        return Err(format!("time {text:?}: no leap second is there"));
    }
    Ok(time)
}

/// Joins events that are JSON already into a batch body.
pub fn join_batch<'a>(events: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut body = vec![b'['];
    for event in events {
        if body.len() > 1 {
            body.push(b',');
        }
        body.extend_from_slice(event.as_bytes());
    }
    body.push(b']');
    body
}

/// Splits a batch body into the JSON text of its events, uninterpreted, so that one bad event spoils no other.
///
/// # Errors
/// The body is larger than [`MAX_BODY_BYTES`], not UTF-8, not a JSON array, empty, or longer than [`MAX_BATCH`].
pub fn split_batch(body: &[u8]) -> Result<Vec<&RawValue>, String> {
    if body.len() > MAX_BODY_BYTES {
        return Err(format!("the body has {} bytes, more than {MAX_BODY_BYTES}", body.len()));
    }
    let events: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    match events.len() {
        0 => Err("the batch is empty".to_owned()),
        1..=MAX_BATCH => Ok(events),
        more => Err(format!("the batch holds {more} events, more than {MAX_BATCH}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_survives_the_wire_unchanged() {
        let subject = Uuid::now_v7();
        let time = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        let event =
            Event::new("shop", "Opened", subject, time, &serde_json::json!({"n": 1, "s": "a\u{0}\"б"}));
        let read = Event::from_json(&event.to_json()).unwrap();
        assert_eq!(read.id, event_id(subject, "Opened"));
        assert_eq!(read.kind, "Opened");
        assert_eq!(read.subject, Some(subject.to_string()));
        assert_eq!(read.time, Some(time));
        assert_eq!(read.data.get(), event.data.get());
    }

    #[test]
    fn ids_are_ordered_by_the_subjects_time_and_differ_by_subject_and_type() {
        let (first, later) =
            (Uuid::now_v7(), uuid::Builder::from_unix_timestamp_millis(1 << 46, &[7; 10]).into_uuid());
        assert!(event_id(first, "A") < event_id(later, "A"));
        assert_eq!(event_id(first, "A"), event_id(first, "A"));
        assert_ne!(event_id(first, "A"), event_id(first, "B"));
        assert_ne!(event_id(first, "A"), event_id(Uuid::now_v7(), "A"));
        assert_eq!(event_id(first, "A").get_version_num(), 8);
    }

    #[test]
    fn a_batch_splits_into_what_was_joined() {
        let body = join_batch([r#"{"a":1}"#, r#"{"b":[2]}"#].into_iter());
        let parts: Vec<_> = split_batch(&body).unwrap().iter().map(|part| part.get()).collect();
        assert_eq!(parts, [r#"{"a":1}"#, r#"{"b":[2]}"#]);
    }

    #[test]
    fn a_time_is_as_rfc_3339_has_it() {
        for good in ["2026-11-21T12:00:00Z", "2026-11-21t12:00:00.5+03:00", "2016-12-31T15:59:60-08:00"] {
            assert!(parse_time(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "2026-11-21",
            "2026-11-21 12:00:00Z",
            "2026-11-21T12:00:60Z",
            "2026-11-21T12:00:00\u{2212}03:00",
        ] {
            assert!(parse_time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn malformed_bodies_and_events_are_refused() {
        for body in [&b"\xff[]"[..], b"", b"{}", b"[]", b"[{]", b"[1,"] {
            assert!(split_batch(body).is_err(), "{body:?}");
        }
        let long = join_batch(std::iter::repeat_n("{}", MAX_BATCH + 1));
        assert!(split_batch(&long).is_err());
        let large = |bytes: usize| format!("[\"{}\"]", "x".repeat(bytes - 4)).into_bytes();
        assert!(split_batch(&large(MAX_BODY_BYTES)).is_ok());
        assert!(split_batch(&large(MAX_BODY_BYTES + 1)).is_err());
        let good = Event::new("s", "T", Uuid::nil(), Utc::now(), &1).to_json();
        for (from, to) in [
            ("00000000-", "00000000"),
            ("\"1.0\"", "\"2.0\""),
            ("\"id\"", "\"no-id\""),
            ("\"data\"", "\"no-data\""),
            ("\"time\":\"2", "\"time\":\"x"),
        ] {
            assert_ne!(good, good.replace(from, to), "{from} occurs");
            assert!(Event::from_json(&good.replace(from, to)).is_err(), "{to}");
        }
        let values = r#"["1.0","00000000-0000-0000-0000-000000000000","T","s",null,null,null,1]"#;
        assert!(Event::from_json(values).is_err(), "an array of the values is no event");
    }
}

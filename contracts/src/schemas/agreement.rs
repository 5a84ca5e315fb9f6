//! Consumers read what the schemas accept, and nothing else. Reading is the validation: nobody parses an event twice.
//!
//! One exception: JSON Schema takes `10.0` and `1e1` for integers, and an amount so written is refused.

use std::panic::Location;
use std::sync::LazyLock;

use fastrand::Rng;
use jsonschema::Validator;
use messaging::Event;
use serde_json::{Value, json};

use super::Kind;
use super::compatibility::fields;
use super::generated::schema;
use crate::events::KINDS;

/// Random events of each type.
const ROUNDS: usize = 20_000;
/// What ids and times are made of, and what they are not.
const CHARACTERS: &[char] = &[
    '0', '1', '2', '3', '5', '6', '9', 'a', 'F', 'g', 'T', 't', 'Z', 'z', '+', '-', ':', '.', ' ', '{', '}',
    '\u{2212}', '\u{0}',
];

/// Whoever reads events of one type: a consumer and a schema.
struct Readers {
    kind: &'static Kind,
    schema: Validator,
}

impl Readers {
    fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|kind| {
            let options =
                jsonschema::options().should_validate_formats(true).with_format("date-time", is_time);
            Self { kind, schema: options.build(&schema(kind, 1)).unwrap() }
        })
    }

    /// Whether both accept the event.
    ///
    /// # Panics
    /// If one does and the other does not.
    #[track_caller]
    fn accept(&self, event: &Value) -> bool {
        let read = self.read(event);
        let refused: Vec<String> = self.schema.iter_errors(event).map(|error| error.to_string()).collect();
        assert_eq!(
            read.is_ok(),
            refused.is_empty(),
            "{event}\nis read: {read:?}\nthe schema refuses: {refused:?}, at {}",
            Location::caller()
        );
        read.is_ok()
    }

    /// Reads as a consumer does, which looks at the type first.
    fn read(&self, event: &Value) -> Result<(), String> {
        let event = Event::from_json(&event.to_string())?;
        if event.kind != self.kind.name {
            return Err("another type".to_owned());
        }
        (self.kind.read)(&event).map_err(|reason| reason.text)
    }

    /// A good event with all its fields.
    fn sample(&self) -> Value {
        sample(&schema(self.kind, 1))
    }
}

/// The format `date-time`, as the validator has it, but for a mistake of its own: it takes some signs for digits.
fn is_time(text: &str) -> bool {
    static BUILT_IN: LazyLock<Validator> = LazyLock::new(|| {
        jsonschema::options().should_validate_formats(true).build(&json!({ "format": "date-time" })).unwrap()
    });
    let has_digits = |text: &[u8], shape: &[u8]| {
        text.len() == shape.len()
            && text.iter().zip(shape).all(|(byte, at)| *at != b'0' || byte.is_ascii_digit())
    };
    let Some((time, rest)) = text.as_bytes().split_at_checked(19) else { return false };
    let has_offset = rest.len() >= 5 && has_digits(&rest[rest.len() - 5..], b"00:00");
    has_digits(time, b"0000-00-00T00:00:00")
        && (has_offset || rest.ends_with(b"Z") || rest.ends_with(b"z"))
        && BUILT_IN.is_valid(&text.into())
}

/// Something that a schema accepts.
fn sample(schema: &Value) -> Value {
    let constant = schema
        .get("const")
        .or_else(|| schema.pointer("/oneOf/0/const"))
        .or_else(|| schema.pointer("/enum/0"));
    if let Some(constant) = constant {
        return constant.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match (kind.unwrap(), schema["format"].as_str()) {
        ("object", _) => fields(schema).iter().map(|(name, schema)| (name.clone(), sample(schema))).collect(),
        ("integer", _) => schema["minimum"].as_i64().unwrap_or_default().into(),
        ("boolean", _) => true.into(),
        ("string", Some("uuid")) => "0193489e-7c3a-7b5e-8f00-0123456789ab".into(),
        ("string", Some("date-time")) => "2026-11-21T12:13:14.567890Z".into(),
        ("string", None) => "text".into(),
        other => panic!("no sample for {other:?}"),
    }
}

/// Pointers to an event and whatever is in it, strangers with odd names aside.
fn places(event: &Value) -> Vec<String> {
    fn visit(place: &str, value: &Value, found: &mut Vec<String>) {
        found.push(place.to_owned());
        let fields = value.as_object().into_iter().flatten();
        for (name, value) in fields.filter(|(name, _)| !name.contains(['/', '~'])) {
            visit(&format!("{place}/{name}"), value, found);
        }
    }
    let mut found = Vec::new();
    visit("", event, &mut found);
    found
}

/// What may stand anywhere, and is wrong nearly everywhere.
fn strangers(value: &Value) -> Vec<Value> {
    let mut strangers = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(1_000_000_000_000_u64),
        json!(1_000_000_000_001_u64),
        json!(u64::MAX),
        json!(1e300),
        json!({}),
        json!([]),
        json!([value]),
        json!({ "a": value }),
    ];
    let texts = [
        "",
        "1",
        "text",
        "1.0",
        "ACCOUNT_NOT_FOUND",
        "INSUFFICIENT_FUNDS",
        "CANCELLED_BY_USER",
        "account_not_found",
        "BAD_MOOD",
        "0193489E-7C3A-7B5E-8F00-0123456789AB",
        "00000000-0000-0000-0000-000000000000",
        "0193489e7c3a7b5e8f000123456789ab",
        "{0193489e-7c3a-7b5e-8f00-0123456789ab}",
        "urn:uuid:0193489e-7c3a-7b5e-8f00-0123456789ab",
        "0193489e-7c3a-7b5e-8f00-0123456789a",
        "0193489e-7c3a-7b5e8-f00-0123456789ab",
        "0193489e-7c3a-7b5e-8f00-0123456789ag",
        "2026-11-21t12:13:14z",
        "2026-11-21 12:13:14Z",
        "2026-11-21T12:13:14",
        "2026-11-21T12:13Z",
        "2026-11-21T12:13:14+03:00",
        "2026-11-21T12:13:14+0300",
        "2026-11-21T12:13:14\u{2212}03:00",
        "2026-11-21T12:13:14.1234567890123Z",
        "2026-11-21T24:00:00Z",
        "2026-02-29T12:13:14Z",
        "2026-11-21T12:13:60Z",
        "2016-12-31T23:59:60Z",
        "2016-12-31T23:59:60+01:00",
        "+12026-11-21T12:13:14Z",
        "0000-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ];
    strangers.extend(texts.map(Value::from));
    // An array of an object's values, and an object for a name: what parsers of structs and enums may take for them.
    if let Some(fields) = value.as_object() {
        strangers.push(fields.values().cloned().collect());
    }
    if let Some(name) = value.as_str() {
        strangers.push(json!({ name: null }));
    }
    strangers
}

/// Leaves a field out.
fn remove(event: &mut Value, place: &str) {
    let (parent, name) = place.rsplit_once('/').unwrap();
    event.pointer_mut(parent).and_then(Value::as_object_mut).map(|fields| fields.remove(name));
}

/// Adds, drops or replaces a character or two.
fn garble(text: &str, random: &mut Rng) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..random.usize(1..=2) {
        let at = random.usize(0..=characters.len());
        let stranger = random.choice(CHARACTERS.iter().copied()).unwrap();
        match random.u8(0..4) {
            0 => characters.insert(at, stranger),
            1 if at < characters.len() => drop(characters.remove(at)),
            _ if at < characters.len() => characters[at] = stranger,
            _ => characters.push(stranger),
        }
    }
    characters.into_iter().collect()
}

#[test]
fn an_event_with_one_thing_wrong_is_read_exactly_if_its_schema_accepts_it() {
    for readers in Readers::all() {
        let good = readers.sample();
        assert!(readers.accept(&good), "{good}");
        for place in places(&good) {
            let value = good.pointer(&place).unwrap();
            for stranger in strangers(value) {
                let mut event = good.clone();
                *event.pointer_mut(&place).unwrap() = stranger;
                readers.accept(&event);
            }
            if !place.is_empty() {
                let mut event = good.clone();
                remove(&mut event, &place);
                readers.accept(&event);
            }
        }
    }
}

/// Goal: nothing that a sender may add one day is refused today.
#[test]
fn fields_that_nobody_knows_are_ignored() {
    for readers in Readers::all() {
        let mut event = readers.sample();
        for stranger in strangers(&Value::Null) {
            event["unheardof"] = stranger.clone();
            event["data"]["unheardof"] = stranger;
            assert!(readers.accept(&event), "{event}");
        }
    }
}

/// Goal: the same for whatever else may come. Method: random events that have one to three things wrong, mostly a few
/// characters of an id or a time; the seed is fixed, so that whoever sees a failure sees it again.
#[test]
fn a_random_event_is_read_exactly_if_its_schema_accepts_it() {
    let mut random = Rng::with_seed(1);
    for readers in Readers::all() {
        let good = readers.sample();
        let mut accepted = 0;
        for _ in 0..ROUNDS {
            let mut event = good.clone();
            for _ in 0..random.usize(1..=3) {
                let places = places(&event);
                let place = &places[random.usize(..places.len())];
                let value = event.pointer_mut(place).unwrap();
                match value {
                    Value::String(text) if random.u8(..8) > 0 => *text = garble(text, &mut random),
                    Value::Object(_) if random.u8(..8) > 0 => {}
                    _ if random.bool() && !place.is_empty() => remove(&mut event, place),
                    _ => *value = random.choice(strangers(value)).unwrap(),
                }
            }
            accepted += usize::from(readers.accept(&event));
        }
        // Where either nothing or everything is wrong, nothing is compared.
        assert!((ROUNDS / 100..ROUNDS).contains(&accepted), "{accepted} of {ROUNDS}");
    }
}

/// The exception.
#[test]
fn an_integer_with_a_fraction_or_an_exponent_is_refused_though_json_schema_has_it_for_one() {
    for readers in Readers::all() {
        let mut event = readers.sample();
        let Some(amount) = event.pointer_mut("/data/amount") else { continue };
        *amount = json!(10.0);
        assert!(readers.schema.is_valid(&event) && readers.read(&event).is_err(), "{event}");
    }
}

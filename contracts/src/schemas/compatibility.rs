//! Which changes of an event break somebody.
//!
//! Replicas of different ages run side by side and read each other's messages, so that two versions must do so too,
//! either way: full compatibility. Nothing changes, then, about a field that both know, apart from what is said of it; a
//! field is never left out, and a new one is optional.
//!
//! The rules are about the keywords of the [`vocabulary`](super::vocabulary).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use serde_json::{Map, Value};

/// A change that somebody can't live with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Break {
    /// The field, from the event's root: `data.amount`.
    pub(super) field: String,
    /// What was changed, and against which rule.
    change: String,
    harmed: Harmed,
    /// What to do in its place.
    instead: &'static str,
}

/// Who refuses what, or misses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harmed {
    /// The older version refuses messages of the newer one.
    OldReaders,
    /// The newer version refuses messages of the older one.
    NewReaders,
    Both,
    /// Nobody refuses anything, but who looked for the field finds nothing, or one day something else.
    Users,
}

const BESIDE: &str =
    "leave the field as it is and add an optional one, or publish a new event type beside this one";
const KEEP: &str = "keep the field and go on sending it, or publish a new event type beside this one";
const OPTIONAL: &str = "make the field optional (an `Option` that is not serialized when it is `None`)";
const ANOTHER_TYPE: &str =
    "tell the new case by a new event type beside this one, or by an optional field beside this one";

/// What a reader of `old` or of `new` can't live with when the other's messages come.
pub(super) fn breaks(old: &Value, new: &Value) -> Vec<Break> {
    let mut found = Vec::new();
    compare("", old, new, &mut found);
    found
}

fn compare(field: &str, old: &Value, new: &Value, found: &mut Vec<Break>) {
    let mut changed = |what: &str, instead, (narrower, wider): (bool, bool)| {
        let harmed = match (narrower, wider) {
            (false, false) => return,
            (true, false) => Harmed::NewReaders,
            (false, true) => Harmed::OldReaders,
            (true, true) => Harmed::Both,
        };
        let change = format!("{what} of a field stays as it is");
        found.push(Break { field: field.to_owned(), change, harmed, instead });
    };
    changed("the type", BESIDE, set_change(types(old), types(new)));
    changed("the set of values", ANOTHER_TYPE, set_change(values(old), values(new)));
    changed("the format", BESIDE, set_change(text(old, "format"), text(new, "format")));
    changed("the minimum", BESIDE, bound_change(bound(old, "minimum"), bound(new, "minimum")));
    let (old_maximum, new_maximum) = (bound(old, "maximum"), bound(new, "maximum"));
    changed("the maximum", BESIDE, bound_change(old_maximum.map(|max| -max), new_maximum.map(|max| -max)));
    compare_fields(field, old, new, found);
}

fn compare_fields(parent: &str, old: &Value, new: &Value, found: &mut Vec<Break>) {
    let (was_required, is_required) = (required(old), required(new));
    let mut broken = |name: &str, change: &str, harmed, instead| {
        found.push(Break { field: join(parent, name), change: change.to_owned(), harmed, instead });
    };
    for name in fields(old).keys().filter(|name| !fields(new).contains_key(*name)) {
        let harmed = if was_required.contains(name.as_str()) { Harmed::OldReaders } else { Harmed::Users };
        broken(name, "a field is never removed or renamed", harmed, KEEP);
    }
    for name in fields(new).keys() {
        let (was, is) = (was_required.contains(name.as_str()), is_required.contains(name.as_str()));
        match fields(old).contains_key(name) {
            false if is => broken(name, "a new field is optional", Harmed::NewReaders, OPTIONAL),
            true if is && !was => {
                broken(name, "an optional field stays optional", Harmed::NewReaders, OPTIONAL);
            }
            true if was && !is => broken(name, "a required field stays required", Harmed::OldReaders, KEEP),
            _ => {}
        }
    }
    for (name, old) in fields(old) {
        if let Some(new) = fields(new).get(name) {
            compare(&join(parent, name), old, new, found);
        }
    }
}

/// Whether a set of what is allowed, `None` for anything, has become narrower, and whether wider.
fn set_change(old: Option<BTreeSet<String>>, new: Option<BTreeSet<String>>) -> (bool, bool) {
    match (old, new) {
        (None, None) => (false, false),
        (None, Some(_)) => (true, false),
        (Some(_), None) => (false, true),
        (Some(old), Some(new)) => (!old.is_subset(&new), !new.is_subset(&old)),
    }
}

/// The same of a lower bound.
fn bound_change(old: Option<i128>, new: Option<i128>) -> (bool, bool) {
    let (old, new) = (old.unwrap_or(i128::MIN), new.unwrap_or(i128::MIN));
    (new > old, new < old)
}

fn types(schema: &Value) -> Option<BTreeSet<String>> {
    match &schema["type"] {
        Value::Array(several) => Some(several.iter().map(Value::to_string).collect()),
        _ => text(schema, "type"),
    }
}

/// The values that are listed: `const`, `enum`, or `oneOf` with a `const` in each, with room for descriptions.
fn values(schema: &Value) -> Option<BTreeSet<String>> {
    let listed: Vec<&Value> = match (schema.get("const"), &schema["enum"], &schema["oneOf"]) {
        (Some(one), _, _) => vec![one],
        (None, Value::Array(several), _) => several.iter().collect(),
        (None, _, Value::Array(several)) => several.iter().map(|one| &one["const"]).collect(),
        _ => return None,
    };
    Some(listed.into_iter().map(Value::to_string).collect())
}

fn text(schema: &Value, keyword: &str) -> Option<BTreeSet<String>> {
    schema.get(keyword).map(|value| BTreeSet::from([value.to_string()]))
}

fn bound(schema: &Value, keyword: &str) -> Option<i128> {
    let bound = &schema[keyword];
    bound.as_i64().map(i128::from).or_else(|| bound.as_u64().map(i128::from))
}

pub(super) fn fields(schema: &Value) -> &Map<String, Value> {
    static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    schema["properties"].as_object().unwrap_or(&NONE)
}

fn required(schema: &Value) -> BTreeSet<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

pub(super) fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let harm = match self.harmed {
            Harmed::OldReaders => "old readers would refuse new messages",
            Harmed::NewReaders => "new readers would refuse old messages",
            Harmed::Both => "old readers would refuse new messages, and new readers old ones",
            Harmed::Users => {
                "who looks for it would miss it, and its name could come back with another meaning"
            }
        };
        let Self { field, change, instead, .. } = self;
        let field = if field.is_empty() { "the event" } else { field };
        write!(f, "{field}: {change}: {harm}. Instead: {instead}.")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// An event with a field of each sort.
    pub(in super::super) fn event() -> Value {
        json!({
            "type": "object",
            "properties": {
                "id": { "type": "string", "format": "uuid" },
                "data": {
                    "type": "object",
                    "properties": {
                        "amount": { "type": "integer", "minimum": 1, "maximum": 100, "description": "How much." },
                        "note": { "type": ["string", "null"] },
                        "reason": { "oneOf": [{ "const": "A", "description": "One." }, { "const": "B" }] },
                        "state": { "type": "string", "enum": ["ON", "OFF"] },
                    },
                    "required": ["amount", "reason"],
                },
            },
            "required": ["id", "data"],
        })
    }

    /// The one thing that breaks when `change` is made to [`event`]: its field, and who is harmed.
    fn broken(change: impl Fn(&mut Value)) -> (String, Harmed) {
        let (old, mut new) = (event(), event());
        change(&mut new);
        assert_ne!(old, new);
        let found = breaks(&old, &new);
        let [Break { field, harmed, .. }] = found.as_slice() else { panic!("{found:?}") };
        (field.clone(), *harmed)
    }

    fn set(pointer: &str, value: Value) -> impl Fn(&mut Value) {
        move |event| *event.pointer_mut(pointer).unwrap() = value.clone()
    }

    const AMOUNT: &str = "/properties/data/properties/amount";

    fn amount(keyword: &str, value: impl Into<Value>) -> (String, Harmed) {
        let value = value.into();
        broken(|event| event.pointer_mut(AMOUNT).unwrap()[keyword] = value.clone())
    }

    #[test]
    fn removing_a_field_breaks_its_readers() {
        let remove = |name: &'static str| {
            broken(move |event| {
                let data = &mut event["properties"]["data"];
                data["properties"].as_object_mut().unwrap().remove(name);
                data["required"].as_array_mut().unwrap().retain(|required| required != name);
            })
        };
        assert_eq!(remove("amount"), ("data.amount".into(), Harmed::OldReaders));
        assert_eq!(remove("note"), ("data.note".into(), Harmed::Users));
    }

    #[test]
    fn a_new_field_is_optional_and_fields_stay_as_required_as_they_are() {
        let add = |event: &mut Value| {
            event["properties"]["data"]["properties"]["new"] = json!({ "type": "string" });
        };
        let (old, mut new) = (event(), event());
        add(&mut new);
        assert_eq!(breaks(&old, &new), []);

        let required = "/properties/data/required";
        let required_new = broken(|event| {
            add(event);
            set(required, json!(["amount", "reason", "new"]))(event);
        });
        assert_eq!(required_new, ("data.new".into(), Harmed::NewReaders));
        let stricter = broken(set(required, json!(["amount", "reason", "note"])));
        assert_eq!(stricter, ("data.note".into(), Harmed::NewReaders));
        let laxer = broken(set(required, json!(["reason"])));
        assert_eq!(laxer, ("data.amount".into(), Harmed::OldReaders));
    }

    #[test]
    fn a_type_stays_as_it_is() {
        let field = || "data.amount".to_owned();
        assert_eq!(amount("type", "string"), (field(), Harmed::Both));
        assert_eq!(amount("type", json!(["integer", "null"])), (field(), Harmed::OldReaders));
        let note = broken(set("/properties/data/properties/note/type", json!("string")));
        assert_eq!(note, ("data.note".into(), Harmed::NewReaders));
    }

    #[test]
    fn a_range_and_a_format_stay_as_they_are() {
        let field = || "data.amount".to_owned();
        assert_eq!(amount("minimum", 2), (field(), Harmed::NewReaders));
        assert_eq!(amount("minimum", 0), (field(), Harmed::OldReaders));
        assert_eq!(amount("maximum", 99), (field(), Harmed::NewReaders));
        assert_eq!(amount("maximum", 101), (field(), Harmed::OldReaders));
        assert_eq!(amount("format", "uuid"), (field(), Harmed::NewReaders));
        let unbounded = broken(|event| {
            event.pointer_mut(AMOUNT).unwrap().as_object_mut().unwrap().remove("maximum");
        });
        assert_eq!(unbounded, (field(), Harmed::OldReaders));
        let id = broken(set("/properties/id/format", json!("date-time")));
        assert_eq!(id, ("id".into(), Harmed::Both));
    }

    #[test]
    fn a_set_of_values_stays_as_it_is_however_it_is_written() {
        let reason = "/properties/data/properties/reason/oneOf";
        let more = broken(set(reason, json!([{ "const": "A" }, { "const": "B" }, { "const": "C" }])));
        assert_eq!(more, ("data.reason".into(), Harmed::OldReaders));
        let fewer = broken(set(reason, json!([{ "const": "A" }])));
        assert_eq!(fewer, ("data.reason".into(), Harmed::NewReaders));
        let state = "/properties/data/properties/state";
        let other = broken(set(&format!("{state}/enum"), json!(["ON", "STANDBY"])));
        assert_eq!(other, ("data.state".into(), Harmed::Both));

        let (old, mut new) = (event(), event());
        *new.pointer_mut(state).unwrap() =
            json!({ "type": "string", "oneOf": [{ "const": "OFF" }, { "const": "ON" }] });
        assert_eq!(breaks(&old, &new), []);
    }

    #[test]
    fn prose_may_change() {
        let (old, mut new) = (event(), event());
        new["title"] = json!("A better name");
        new.pointer_mut(AMOUNT).unwrap()["description"] = json!("How much, in kopecks.");
        assert_eq!(breaks(&old, &new), []);
    }
}

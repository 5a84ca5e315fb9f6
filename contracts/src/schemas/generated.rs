//! The schema that follows from an event's type: the envelope by hand, as [`messaging::event`] reads it, around the
//! schema of the payload, whose descriptions are the doc comments of its type.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::Kind;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of one event of this type, as version `version` says it.
pub(super) fn schema(kind: &Kind, version: usize) -> Value {
    let Kind { name, source, .. } = kind;
    let mut data = data(kind);
    json!({
        "$schema": DIALECT,
        "$id": id(name, version),
        "title": name,
        "description": data.remove("description"),
        "type": "object",
        "properties": {
            "specversion": { "type": "string", "const": "1.0" },
            "id": {
                "type": "string", "format": "uuid",
                "description": "Identifies the event, for ever: told again, it has the same id and the same content.",
            },
            "type": { "type": "string", "const": name, "description": "What happened." },
            "source": { "type": "string", "const": source, "description": "The service that says so." },
            "subject": { "type": ["string", "null"], "description": "The order's id. Always sent." },
            "time": {
                "type": ["string", "null"], "format": "date-time",
                "description": "When it happened. Always sent.",
            },
            "datacontenttype": {
                "type": ["string", "null"], "description": "application/json. Always sent.",
            },
            "data": data,
        },
        "required": ["specversion", "id", "type", "source", "data"],
    })
}

/// Where the gateway answers with it.
pub(super) fn id(name: &str, version: usize) -> String {
    format!("/schemas/{name}/versions/{version}")
}

/// The payload's schema, with everything that it refers to in its place.
fn data(kind: &Kind) -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = (kind.data_schema)(settings.into_generator());
    let data = schema.ensure_object();
    // They are the event's.
    data.remove("$schema");
    data.remove("title");
    std::mem::take(data)
}

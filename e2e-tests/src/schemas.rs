use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use jsonschema::Validator;
use serde_json::Value;
use stack::workspace;

/// The released schemas of the events, as they are checked in: each version of each type.
pub struct Schemas(BTreeMap<String, Vec<Validator>>);

impl Schemas {
    /// Reads them.
    ///
    /// # Panics
    /// If they are not as they must be.
    pub fn released() -> Self {
        let index = read("index.json");
        let subjects = index["subjects"].as_array().expect("subjects").iter();
        let versions = |entry: &Value| {
            let subject = entry["subject"].as_str().expect("a name").to_owned();
            let versions = entry["versions"].as_array().expect("versions").iter();
            let validators = versions.map(|version| {
                let schema = read(&format!("{subject}/versions/{version}.json"));
                jsonschema::options().should_validate_formats(true).build(&schema).expect("a JSON Schema")
            });
            let validators = validators.collect();
            (subject, validators)
        };
        Self(subjects.map(versions).collect())
    }

    /// The types of events.
    pub fn types(&self) -> BTreeSet<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// What an event breaks, in whatever version of its type's schema.
    pub fn flaws(&self, event: &Value) -> Vec<String> {
        let kind = event["type"].as_str().unwrap_or_default();
        let Some(versions) = self.0.get(kind) else {
            return vec![format!("no schema is released for {kind:?}")];
        };
        let numbered = versions.iter().enumerate();
        numbered
            .flat_map(|(index, schema)| {
                schema.iter_errors(event).map(move |error| format!("version {}: {error}", index + 1))
            })
            .collect()
    }
}

fn read(file: &str) -> Value {
    let path = workspace::root().join("contracts/schemas").join(file);
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

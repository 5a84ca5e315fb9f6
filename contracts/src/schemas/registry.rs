//! The registry: `contracts/schemas/`, which the gateway serves as it is.
//!
//! `index.json` lists the subjects, which are the types of events, with their versions; `{subject}/versions/{n}.json`
//! is version `n`. The types of events are as their newest versions say, or a new version is released:
//!
//! ```sh
//! RELEASE_SCHEMAS=1 cargo test --package contracts types_are_as_released
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Kind;
use super::compatibility::breaks;
use super::generated::{id, schema};
use super::vocabulary::not_understood;
use crate::events::KINDS;

const COMMAND: &str = "RELEASE_SCHEMAS=1 cargo test --package contracts types_are_as_released";

/// The versions of each subject: version `n` at `n - 1`.
pub(super) type Released = BTreeMap<String, Vec<Value>>;

/// What is to be done about a type of events.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    AsReleased,
    /// The schema is new, and breaks nobody.
    Release(Value),
    /// What is wrong with it.
    Refuse(Vec<String>),
}

/// What is released.
///
/// # Panics
/// If something is in the folder that does not belong there, or a version is left out.
pub(super) fn released() -> Released {
    let mut released = Released::new();
    for subject in names_in(&folder()).into_iter().filter(|name| name != "index.json") {
        assert_eq!(names_in(&folder().join(&subject)), ["versions"], "in {subject}");
        let versions = folder().join(&subject).join("versions");
        let mut expected: Vec<String> =
            (1..=names_in(&versions).len()).map(|version| format!("{version}.json")).collect();
        let schemas = expected.iter().map(|file| read(&versions.join(file))).collect();
        expected.sort_unstable();
        assert_eq!(names_in(&versions), expected, "the versions of {subject}");
        released.insert(subject, schemas);
    }
    released
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

/// The names in a folder, sorted.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

fn read(file: &Path) -> Value {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn write(file: &Path, content: &Value) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, format!("{content:#}\n")).unwrap();
}

/// What `index.json` says.
fn index(released: &Released) -> Value {
    let entry = |(subject, schemas): (&String, &Vec<Value>)| {
        let versions: Vec<usize> = (1..=schemas.len()).collect();
        json!({ "subject": subject, "versions": versions })
    };
    let subjects: Vec<Value> = released.iter().map(entry).collect();
    json!({ "compatibility": "FULL_TRANSITIVE", "subjects": subjects })
}

/// Compares a type of events, whose schema as of a version `now` makes, with its released versions.
fn judge(versions: &[Value], now: impl Fn(usize) -> Value) -> Verdict {
    let newest = versions.len();
    let next = now(newest + 1);
    if newest > 0 && now(newest) == versions[newest - 1] {
        return Verdict::AsReleased;
    }
    let refused =
        |what| format!("{what}: there is no rule for this keyword; say it otherwise, or add the rule");
    let mut reasons: Vec<String> = not_understood(&next).into_iter().map(refused).collect();
    // The newest first: what breaks that, breaks it in the plainest words.
    let broken =
        versions.iter().rev().map(|version| breaks(version, &next)).find(|broken| !broken.is_empty());
    reasons.extend(broken.iter().flatten().map(ToString::to_string));
    if reasons.is_empty() { Verdict::Release(next) } else { Verdict::Refuse(reasons) }
}

/// Goal: no type of events changes unnoticed, or in a way that breaks somebody. Method: compare each with its released
/// versions; if asked to, release those that are new.
#[test]
fn types_are_as_released() {
    let mut released = released();
    let mut refused = Vec::new();
    let mut new = Vec::new();
    for kind @ Kind { name, .. } in KINDS {
        let versions = released.get(*name).map_or(&[][..], Vec::as_slice);
        match judge(versions, |version| schema(kind, version)) {
            Verdict::AsReleased => {}
            Verdict::Release(schema) => new.push((*name, versions.len() + 1, schema)),
            Verdict::Refuse(reasons) => refused.extend(reasons.iter().map(|why| format!("{name}: {why}"))),
        }
    }
    for gone in released.keys().filter(|subject| KINDS.iter().all(|kind| kind.name != **subject)) {
        refused.push(format!(
            "{gone}: a released type of events stays: old replicas still send it. Instead: keep the type"
        ));
    }
    assert!(refused.is_empty(), "incompatible with what is released:\n  {}\n", refused.join("\n  "));

    if std::env::var_os("RELEASE_SCHEMAS").is_some() {
        for (subject, version, schema) in new.drain(..) {
            write(&folder().join(subject).join(format!("versions/{version}.json")), &schema);
            released.entry(subject.to_owned()).or_default().push(schema);
        }
        write(&folder().join("index.json"), &index(&released));
    }
    let new: Vec<String> =
        new.iter().map(|(subject, version, _)| format!("{subject}, version {version}")).collect();
    let new = new.join("\n  ");
    assert!(
        new.is_empty(),
        "compatible with what is released, but not released yet:\n  {new}\n\
         Release it with the change that it comes from:\n  {COMMAND}\n"
    );
    let written = read(&folder().join("index.json"));
    assert_eq!(written, index(&released), "index.json does not list what is there; mend it:\n  {COMMAND}\n");
}

/// Goal: any version will do to read any message. Method: compare each with each later one of its subject.
#[test]
fn released_versions_are_compatible_with_each_other() {
    for (subject, versions) in released() {
        for (index, newer) in versions.iter().enumerate() {
            let (subject, number) = (subject.as_str(), index + 1);
            assert_eq!(newer["$id"], id(subject, number), "{subject}, version {number}");
            assert_eq!(not_understood(newer), [""; 0], "{subject}, version {number}");
            for (index, older) in versions[..index].iter().enumerate() {
                let broken: Vec<String> = breaks(older, newer).iter().map(ToString::to_string).collect();
                let broken = broken.join("\n  ");
                assert!(
                    broken.is_empty(),
                    "{subject}: version {number} is not compatible with version {}:\n  {broken}\n\
                     Take it back, and mend the type.\n",
                    index + 1
                );
            }
        }
    }
}

#[test]
fn a_type_is_as_released_or_releasable_or_refused() {
    let with_fields = |fields: Value| {
        let schema = json!({ "type": "object", "properties": fields });
        move |version: usize| {
            let mut schema = schema.clone();
            schema["$id"] = id("T", version).into();
            schema
        }
    };
    let (text, number) = (json!({ "type": "string" }), json!({ "type": "integer" }));
    let old = with_fields(json!({ "a": text }));
    let released = [old(1)];
    assert_eq!(judge(&[], &old), Verdict::Release(old(1)));
    assert_eq!(judge(&released, &old), Verdict::AsReleased);

    let wider = with_fields(json!({ "a": text, "b": text }));
    assert_eq!(judge(&released, &wider), Verdict::Release(wider(2)));
    // What it is released after makes no difference: every version counts.
    let released = [old(1), wider(2)];
    for (fields, field) in [(json!({ "b": text }), "a: "), (json!({ "a": text, "b": number }), "b: ")] {
        let Verdict::Refuse(reasons) = judge(&released, with_fields(fields)) else { panic!("{field}") };
        assert!(reasons.len() == 1 && reasons[0].starts_with(field), "{reasons:?}");
    }
    let unknown = with_fields(json!({ "a": { "type": "string", "pattern": "^a" } }));
    assert!(matches!(judge(&released, unknown), Verdict::Refuse(_)));
}

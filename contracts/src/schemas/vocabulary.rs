//! The keywords that schemas may use: those that [`compatibility`](super::compatibility) has rules for. Any other is
//! refused, since what is not understood is not compared.

use serde_json::Value;

use super::compatibility::{fields, join};

/// Whatever is outside, with its place.
pub(super) fn not_understood(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look("", schema, &mut found);
    found
}

fn look(field: &str, schema: &Value, found: &mut Vec<String>) {
    let Some(keywords) = schema.as_object() else {
        found.push(format!("{field}: a schema that is no object"));
        return;
    };
    for (keyword, value) in keywords {
        if !is_understood(keyword, value) {
            found.push(format!("{field}: {keyword:?} with {value}"));
        }
    }
    for (name, schema) in fields(schema) {
        look(&join(field, name), schema, found);
    }
}

fn is_understood(keyword: &str, value: &Value) -> bool {
    match keyword {
        "$schema" | "$id" | "title" | "description" | "default" | "const" => true,
        "type" => value.is_string() || are_texts(value),
        "properties" => value.is_object(),
        "required" | "enum" => are_texts(value),
        "oneOf" => value.as_array().is_some_and(|branches| branches.iter().all(is_constant)),
        "format" => value == "uuid" || value == "date-time",
        "minimum" | "maximum" => value.is_i64() || value.is_u64(),
        _ => false,
    }
}

fn are_texts(values: &Value) -> bool {
    values.as_array().is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_string))
}

/// Whether a branch of `oneOf` is one value.
fn is_constant(branch: &Value) -> bool {
    branch.as_object().is_some_and(|keywords| {
        let known = |keyword: &String| ["const", "type", "description"].contains(&keyword.as_str());
        keywords.contains_key("const") && keywords.keys().all(known)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::compatibility::tests::event;
    use super::*;

    #[test]
    fn what_there_are_no_rules_for_is_refused() {
        assert_eq!(not_understood(&event()), [""; 0]);
        for (keyword, value) in [
            ("pattern", json!("^a")),
            ("additionalProperties", json!(false)),
            ("$ref", json!("#/$defs/Amount")),
            ("anyOf", json!([{ "type": "null" }])),
            ("oneOf", json!([{ "type": "integer" }])),
            ("format", json!("int64")),
            ("minimum", json!(0.5)),
            ("type", json!([])),
        ] {
            let mut event = event();
            event["properties"]["data"]["properties"]["amount"][keyword] = value;
            let found = not_understood(&event);
            assert!(found.len() == 1 && found[0].starts_with("data.amount: "), "{keyword}: {found:?}");
        }
        let mut event = event();
        event["properties"]["id"] = json!(true);
        assert_eq!(not_understood(&event).len(), 1);
    }
}

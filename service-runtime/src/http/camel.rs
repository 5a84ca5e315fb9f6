use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// A JSON object whose names are written `likeThis` instead of `like_this`. Inner objects are left as they are.
#[derive(Debug)]
pub struct CamelCase<T>(pub T);

impl<T: Serialize> Serialize for CamelCase<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::to_value(&self.0).map_err(S::Error::custom)? {
            Value::Object(fields) => renamed(fields).serialize(serializer),
            other => other.serialize(serializer),
        }
    }
}

fn renamed(fields: Map<String, Value>) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (camel_case(&name), value)).collect()
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        name + &head.to_ascii_uppercase() + tail
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_an_object_become_camel_case_and_values_stay() {
        let json = serde_json::json!({ "id": 1, "cancel_requested_at": "as_it_is", "user_id": null });
        let camel = serde_json::to_value(CamelCase(json)).unwrap();
        assert_eq!(camel, serde_json::json!({ "id": 1, "cancelRequestedAt": "as_it_is", "userId": null }));
    }
}

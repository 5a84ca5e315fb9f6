use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// A JSON object that holds a `T`, for request bodies: `Json<Object<T>>`.
///
/// Serde alone would also read a struct from an array of its fields' values in order.
#[derive(Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pair {
        a: i32,
        b: i32,
    }

    #[test]
    fn a_body_is_an_object_and_not_an_array_of_its_values() {
        let Object(Pair { a, b }) = serde_json::from_str(r#"{"a":1,"b":2}"#).unwrap();
        assert_eq!((a, b), (1, 2));
        for bad in ["[1,2]", "null", "1", r#"{"a":1}"#, r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1,"a":1,"b":2}"#] {
            assert!(serde_json::from_str::<Object<Pair>>(bad).is_err(), "{bad}");
        }
    }
}

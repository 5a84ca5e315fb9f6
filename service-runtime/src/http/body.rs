use std::fmt;
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, HeaderMap};
use actix_web::web::Json;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};

use super::Problem;

/// A request's body: a JSON object that holds a `T`, declared as `application/json` and not encoded.
///
/// # Errors
/// A [`Problem`]: 415 for what is declared as something else, 413 for too much, 400 and 422 for the contents.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let declared = check_type(request).and_then(|()| check_encoding(request.headers()));
        let body = Json::<Object<T>>::from_request(request, payload);
        async move {
            declared?;
            let Json(Object(value)) = body.await?;
            Ok(Self(value))
        }
        .boxed_local()
    }
}

fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    match request.mime_type() {
        Ok(Some(kind)) if kind.essence_str() == "application/json" => Ok(()),
        _ => Err(Problem::unsupported_media_type("Send the header Content-Type: application/json.")),
    }
}

/// Whoever encodes a body means it to be decoded, which nothing here does.
fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let mut codings = headers.get_all(CONTENT_ENCODING);
    if codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    Err(Problem::unsupported_media_type("Send the body as it is, without a Content-Encoding."))
}

/// Serde alone would also read a struct from an array of its fields' values in order.
#[derive(Debug)]
struct Object<T>(T);

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

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::{Error, FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::{JsonBody, Problem};

/// A request's body as [`JsonBody`] reads it, or nothing but defaults if it has none.
#[derive(Debug)]
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default + 'static> FromRequest for OptionalBody<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let has_body = request.headers().contains_key(TRANSFER_ENCODING)
            || request.headers().get(CONTENT_LENGTH).is_some_and(|length| length != "0");
        if !has_body {
            return std::future::ready(Ok(Self(T::default()))).boxed_local();
        }
        let body = JsonBody::from_request(request, payload);
        async move { body.await.map(|JsonBody(value)| Self(value)) }.boxed_local()
    }
}

/// Reads a parameter that may be left out, but not be null.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A parameter that may be in the query or in the body, or in both if they say the same.
///
/// # Errors
/// 422 if it is in neither, or not the same in both.
pub fn parameter<T: PartialEq>(name: &str, in_query: Option<T>, in_body: Option<T>) -> Result<T, Problem> {
    match (in_query, in_body) {
        (Some(one), Some(other)) if one != other => {
            Err(Problem::invalid_request(format!("{name} is not the same in the query and in the body")))
        }
        (Some(value), _) | (None, Some(value)) => Ok(value),
        (None, None) => Err(Problem::invalid_request(format!("missing field `{name}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_in_one_place_or_the_same_in_both() {
        for (query, body) in [(Some(1), None), (None, Some(1)), (Some(1), Some(1))] {
            assert_eq!(parameter("n", query, body).unwrap(), 1);
        }
        for (query, body) in [(Some(1), Some(2)), (None, None)] {
            assert!(parameter("n", query, body).is_err());
        }
    }
}

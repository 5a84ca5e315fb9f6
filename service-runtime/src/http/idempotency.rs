use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest};

use super::Problem;

/// Set to `true` on an answer that repeats an earlier one.
pub const IDEMPOTENT_REPLAYED: &str = "Idempotent-Replayed";

const HEADER: &str = "Idempotency-Key";
const MAX_LENGTH: usize = 255;

/// The request's `Idempotency-Key`, if it has one: 1 … 255 visible ASCII characters.
#[derive(Debug, Clone)]
pub struct IdempotencyKey(pub Option<String>);

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::only_one(request.headers().get_all(HEADER)))
    }
}

impl IdempotencyKey {
    /// Of all that a request has.
    pub(crate) fn only_one(mut values: impl Iterator<Item: AsRef<[u8]>>) -> Result<Self, Problem> {
        match (values.next(), values.next()) {
            (None, _) => Ok(Self(None)),
            (Some(value), None) => parse(value.as_ref()).map(|key| Self(Some(key))),
            (Some(_), Some(_)) => Err(invalid("there is more than one")),
        }
    }
}

fn parse(value: &[u8]) -> Result<String, Problem> {
    if value.is_empty() || value.len() > MAX_LENGTH {
        return Err(invalid("its length is not within 1 and 255"));
    }
    if !value.iter().all(u8::is_ascii_graphic) {
        return Err(invalid("it has characters other than visible ASCII"));
    }
    Ok(value.iter().copied().map(char::from).collect())
}

fn invalid(reason: &str) -> Problem {
    let title = "The Idempotency-Key is not valid";
    Problem::new(StatusCode::BAD_REQUEST, "invalid_idempotency_key", title, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii_of_bounded_length() {
        let longest = "x".repeat(MAX_LENGTH);
        for good in ["a", "~!#", longest.as_str()] {
            assert_eq!(parse(good.as_bytes()).unwrap(), good);
        }
        let too_long = "x".repeat(MAX_LENGTH + 1);
        for bad in ["", "a b", "a\t", "ключ", too_long.as_str()] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}

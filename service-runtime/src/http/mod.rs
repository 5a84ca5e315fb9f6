//! HTTP as every service here speaks it: problem details for every error, idempotency keys, keyset pages.

mod body;
mod camel;
mod idempotency;
mod page;
mod parameters;
mod problem;
mod routes;
mod server;

pub use body::JsonBody;
pub use camel::CamelCase;
pub use idempotency::{IDEMPOTENT_REPLAYED, IdempotencyKey};
pub use page::{Page, PageQuery};
pub use parameters::{OptionalBody, given, parameter};
pub use problem::Problem;
pub use routes::{Methods, Routes, get, post};
pub(crate) use server::{AddRoutes, BODY_LIMIT_BYTES, serve};

use actix_web::http::header::HeaderValue;

/// A header value of ASCII text that we made ourselves.
fn ascii(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("header values of our own are ASCII")
}

//! HTTP as every service here speaks it: problem details for every error, idempotency keys, keyset pages.

mod body;
mod idempotency;
mod page;
mod problem;
mod server;

pub use body::JsonBody;
pub use idempotency::{IDEMPOTENT_REPLAYED, IdempotencyKey};
pub use page::{Page, PageQuery};
pub use problem::Problem;
pub(crate) use server::serve;

use actix_web::http::header::HeaderValue;
use actix_web::{Route, web};

/// For the `default_service` of a resource: 405 with the methods that it has.
pub fn only(allow: &'static str) -> Route {
    web::to(move || async move { Err::<(), _>(Problem::method_not_allowed(allow)) })
}

/// A header value of ASCII text that we made ourselves.
fn ascii(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("header values of our own are ASCII")
}

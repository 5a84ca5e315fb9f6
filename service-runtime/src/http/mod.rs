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
use actix_web::{FromRequest, Handler, Resource, Responder, Route, web};

/// What is read: `handler` answers GET, and HEAD by the same without the body; other methods get 405.
pub fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(only("GET, HEAD"))
}

/// What is done: `handler` answers POST; other methods get 405.
pub fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    web::resource(path).route(web::post().to(handler)).default_service(only("POST"))
}

fn only(allow: &'static str) -> Route {
    web::to(move || async move { Err::<(), _>(Problem::method_not_allowed(allow)) })
}

/// A header value of ASCII text that we made ourselves.
fn ascii(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("header values of our own are ASCII")
}

//! gRPC as every service here speaks it: beside HTTP, on a port of its own, with the same errors and idempotency keys,
//! and with health and reflection.

mod request;
mod server;
mod status;
mod time;

pub use request::{id, idempotency_key, page};
pub use server::Services;
pub(crate) use server::serve;
pub use time::timestamp;

use tonic::Response;
use tonic::metadata::MetadataValue;

/// What a request may hold, as by HTTP.
pub const MAX_REQUEST_BYTES: usize = crate::http::BODY_LIMIT_BYTES;

/// The answer to a call that changed something; `replayed` says that it did before.
pub fn answer<T>(message: T, replayed: bool) -> Response<T> {
    let mut response = Response::new(message);
    if replayed {
        response.metadata_mut().insert("idempotent-replayed", MetadataValue::from_static("true"));
    }
    response
}

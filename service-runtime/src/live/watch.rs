//! The two routes.

use std::time::Duration;

use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use uuid::Uuid;

use super::hub::{Position, Subscription};
use super::origin::AllowedOrigins;
use super::{Hub, sse, ws};
use crate::http::{Methods, Problem, get};

/// How often a client hears something, so that nobody between takes the connection for dead.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(15);

/// Where a client that can't set headers says where it was.
#[derive(Deserialize)]
struct LastSeen {
    last_event_id: Option<String>,
}

/// The changes of the user in the path, as server-sent events.
pub fn events() -> Methods {
    get(serve_events)
}

/// The changes of the user in the path, over a WebSocket.
pub fn web_socket() -> Methods {
    get(serve_web_socket)
}

async fn serve_events(
    request: HttpRequest,
    hub: Data<Hub>,
    origins: Data<AllowedOrigins>,
    user: Path<Uuid>,
    seen: Query<LastSeen>,
) -> Result<HttpResponse, Problem> {
    origins.check(&request)?;
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // A gateway is not to wait for more.
        .insert_header(("X-Accel-Buffering", "no"));
    if request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let subscription = watch(&hub, *user, last_seen(&request, &seen))?;
    Ok(response.streaming(sse::stream(subscription)))
}

async fn serve_web_socket(
    request: HttpRequest,
    payload: Payload,
    hub: Data<Hub>,
    origins: Data<AllowedOrigins>,
    user: Path<Uuid>,
    seen: Query<LastSeen>,
) -> Result<HttpResponse, Problem> {
    origins.check(&request)?;
    let (response, session, incoming) = actix_ws::handle(&request, payload).map_err(|error| {
        let detail = format!("This is no WebSocket handshake: {error}");
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", "Bad request", detail)
    })?;
    let subscription = watch(&hub, *user, last_seen(&request, &seen))?;
    actix_web::rt::spawn(ws::serve(subscription, session, incoming));
    Ok(response)
}

pub(super) fn watch(hub: &Hub, user: Uuid, last: Option<Position>) -> Result<Subscription, Problem> {
    hub.watch(user, last).ok_or_else(Problem::overloaded)
}

/// A position that can't be read is one that is not known.
fn last_seen(request: &HttpRequest, seen: &LastSeen) -> Option<Position> {
    let header = request.headers().get("Last-Event-ID").and_then(|id| id.to_str().ok());
    header.or(seen.last_event_id.as_deref())?.parse().ok()
}

//! Who may watch from a browser. Browsers let any page open a WebSocket, and say in `Origin` which page it is.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header;

use crate::http::Problem;

/// Origins whose pages may watch; empty behind a gateway, which checks that itself.
pub(crate) struct AllowedOrigins(pub(crate) Vec<String>);

impl AllowedOrigins {
    /// Refuses a page of another origin. Whoever is no browser names none.
    pub(super) fn check(&self, request: &HttpRequest) -> Result<(), Problem> {
        let Some(origin) = request.headers().get(header::ORIGIN) else {
            return Ok(());
        };
        let is_allowed = self.0.iter().any(|allowed| origin == allowed.as_str());
        if self.0.is_empty() || is_allowed {
            return Ok(());
        }
        let detail = "Pages of this origin may not watch.";
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "origin_not_allowed",
            "Origin not allowed",
            detail.to_owned(),
        ))
    }
}

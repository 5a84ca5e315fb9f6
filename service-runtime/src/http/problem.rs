use std::fmt;

use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;
use uuid::Uuid;

/// An error as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem details.
///
/// `type` is `urn:gozon:problem:` and the code; both are stable, title and detail are for people.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    code: &'static str,
    detail: String,
    /// The account that exists already (`account_exists`).
    #[serde(skip_serializing_if = "Option::is_none")]
    bill_id: Option<Uuid>,
    #[serde(skip)]
    allow: Option<&'static str>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem; `detail` says what is wrong with this request.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: format!("urn:gozon:problem:{code}"),
            title,
            status,
            code,
            detail: detail.into(),
            bill_id: None,
            allow: None,
        }
    }

    /// 400: the body is not JSON.
    pub fn malformed_json(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed_json", "The body is not JSON", detail)
    }

    /// 422: JSON, but not what the operation takes.
    pub fn invalid_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", "The request is not valid", detail)
    }

    /// 415: the body is declared as something that is not read here.
    pub fn unsupported_media_type(detail: impl Into<String>) -> Self {
        let title = "The body is not declared as plain JSON";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", title, detail)
    }

    /// 422: the key was used before, with another request.
    pub fn idempotency_key_reused() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "The Idempotency-Key belongs to another request",
            "This key was used with a different request; repeat that request exactly, or choose a new key.",
        )
    }

    /// 404: no such route.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "No such route", "Nothing is found at this path.")
    }

    /// 405: the route exists, with the methods of `allow`.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "Method not allowed",
                format!("This path takes {allow}."),
            )
        }
    }

    /// 503: nothing was done and nothing was stored; the queue of work is full.
    pub fn overloaded() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            "Too many requests at once",
            "Nothing was done. Try again in a moment.",
        )
    }

    /// 503: the database is away or too slow.
    pub fn database_unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "database_unavailable",
            "The database is not available",
            "Try again in a moment. If this was a POST, its outcome is unknown: repeat it with the same \
             Idempotency-Key and it takes effect at most once.",
        )
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    pub(crate) fn bill_id(&self) -> Option<Uuid> {
        self.bill_id
    }

    /// Names the account that exists already.
    pub fn with_bill_id(mut self, bill_id: Uuid) -> Self {
        self.bill_id = Some(bill_id);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.code, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, "1"));
        }
        if let Some(allow) = self.allow {
            response.insert_header((header::ALLOW, allow));
        }
        response
            .content_type("application/problem+json")
            .body(serde_json::to_string(self).expect("a problem is JSON"))
    }
}

impl From<JsonPayloadError> for Problem {
    fn from(error: JsonPayloadError) -> Self {
        match error {
            JsonPayloadError::Deserialize(error) if error.is_data() => {
                Self::invalid_request(error.to_string())
            }
            JsonPayloadError::OverflowKnownLength { limit, .. } | JsonPayloadError::Overflow { limit } => {
                Self::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "payload_too_large",
                    "The body is too large",
                    format!("At most {limit} bytes are taken."),
                )
            }
            other => Self::malformed_json(other.to_string()),
        }
    }
}

impl From<PathError> for Problem {
    fn from(error: PathError) -> Self {
        let (status, title) = (StatusCode::BAD_REQUEST, "The id in the path is not a UUID");
        Self::new(status, "invalid_path_id", title, error.to_string())
    }
}

impl From<QueryPayloadError> for Problem {
    fn from(error: QueryPayloadError) -> Self {
        let (status, title) = (StatusCode::BAD_REQUEST, "The query is not valid");
        Self::new(status, "invalid_query", title, error.to_string())
    }
}

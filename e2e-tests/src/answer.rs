use std::fmt;

use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An answer, read whole. It knows the request, so that a failed expectation shows both.
#[derive(Clone)]
pub struct Answer {
    request: String,
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn read(request: String, response: reqwest::Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await?.into();
        Ok(Self { request, status, headers, body })
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Every value of a header, in order.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().expect("a header in ASCII")).collect()
    }

    /// The value of a header that is there at most once.
    ///
    /// # Panics
    /// If it is there more often.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.headers(name);
        assert!(values.len() <= 1, "{name} occurs more than once: {self}");
        values.first().copied()
    }

    /// Whether the answer says that it was given before.
    pub fn is_replayed(&self) -> bool {
        self.header("Idempotent-Replayed") == Some("true")
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// This answer, if it has the status.
    ///
    /// # Panics
    /// If it has another one.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// What keeps it from being a problem document; `None` if it is one.
    pub fn flaw_as_problem(&self) -> Option<String> {
        if self.header("Content-Type") != Some("application/problem+json") {
            return Some(format!("it is not application/problem+json: {self}"));
        }
        let Ok(Value::Object(problem)) = serde_json::from_slice::<Value>(&self.body) else {
            return Some(format!("its body is no JSON object: {self}"));
        };
        let text = |field: &str| problem.get(field).and_then(Value::as_str).unwrap_or_default();
        let is_good = text("type") == format!("urn:gozon:problem:{}", text("code"))
            && ["code", "title", "detail"].iter().all(|field| !text(field).is_empty())
            && problem.get("status").and_then(Value::as_u64) == Some(self.status.into());
        let tells_too_much = ["SELECT", "INSERT", "panicked", "diesel", "backtrace", ".rs"]
            .into_iter()
            .find(|secret| self.text().contains(secret));
        match (is_good, tells_too_much) {
            (false, _) => Some(format!("type, title, status, code and detail do not fit: {self}")),
            (true, Some(secret)) => Some(format!("it says {secret:?}: {self}")),
            (true, None) => None,
        }
    }

    /// The problem document, if it is a good one with this status and code.
    ///
    /// # Panics
    /// If it is not.
    pub fn problem(&self, status: u16, code: &str) -> Value {
        if let Some(flaw) = self.flaw_as_problem() {
            panic!("{flaw}");
        }
        let problem: Value = self.json();
        assert_eq!((self.status, problem["code"].as_str()), (status, Some(code)), "{self}");
        problem
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, status, headers, .. } = self;
        write!(f, "{request} was answered {status} {headers:?} {:?}", self.text())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

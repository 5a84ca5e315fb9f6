use std::time::Duration;

use reqwest::Response;
use serde_json::Value;
use tokio::time::timeout;

use crate::{PATIENCE, Request};

/// Longer than any test.
const TIMEOUT: Duration = Duration::from_secs(3_600);

/// A stream of server-sent events.
pub struct Watch {
    response: Response,
    text: String,
}

/// A message of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Where the stream is then; empty if it ends with this.
    pub id: String,
    /// What kind of message it is.
    pub event: String,
    /// What it says.
    pub data: Value,
}

impl Watch {
    /// Begins to watch.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn start(request: Request) -> Self {
        let response = request.timeout(TIMEOUT).into_response().await.expect("an answer");
        assert_eq!(response.status(), 200, "{response:?}");
        assert_eq!(response.headers()["Content-Type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next message; nothing if the stream has ended, in whatever way.
    ///
    /// # Panics
    /// If none comes.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let told = Told::read(event);
                self.text = rest.to_owned();
                if told.is_some() {
                    return told;
                }
                continue;
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("a message, or a heart-beat");
            let Ok(Some(bytes)) = chunk else { return None };
            self.text.push_str(std::str::from_utf8(&bytes).expect("messages are ASCII or cut at their ends"));
        }
    }

    /// The next message that is one of these events.
    ///
    /// # Panics
    /// If the stream ends before.
    pub async fn until(&mut self, events: &[&str]) -> Told {
        loop {
            let told = self.next().await.expect("the stream goes on");
            if events.contains(&told.event.as_str()) {
                return told;
            }
        }
    }
}

impl Told {
    /// Nothing if it is a comment.
    fn read(text: &str) -> Option<Self> {
        let field = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
        };
        let data = field("data")?;
        Some(Self {
            id: field("id").unwrap_or_default(),
            event: field("event").expect("a message has a kind"),
            data: serde_json::from_str(&data).expect("its data is JSON"),
        })
    }
}

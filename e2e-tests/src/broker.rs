use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::{Value, json};
use stack::Addresses;

use crate::until;

const EXCHANGE: &str = "gozon.events";
const BATCH: &str = "application/cloudevents-batch+json";

/// A broker that takes longer is taken for one that is away, where that is allowed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A hand on the broker, through its management interface: it forges messages, looks at them and takes them away.
pub struct Broker {
    http: Client,
    /// `http://127.0.0.1:15672/api`
    api: String,
    virtual_host: String,
}

/// A message of a queue, as it was when it was looked at.
#[derive(Clone, Debug, Deserialize)]
pub struct Taken {
    /// The body, or, where that is no text, its base64.
    pub payload: String,
    /// `string` or `base64`.
    #[serde(default)]
    payload_encoding: String,
    /// What kind of a message it says it is, among others.
    pub properties: Value,
}

/// A message that no service has sent.
#[derive(Clone, Debug)]
pub struct Forged {
    /// Where the exchange sends it.
    pub routing_key: &'static str,
    /// What it says that its body is.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl Forged {
    /// A body that says it is a batch, as the services' own do.
    pub fn batch(routing_key: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { routing_key, content_type: BATCH, body: body.into() }
    }
}

impl Broker {
    /// The broker of a system.
    ///
    /// # Panics
    /// If the system has no virtual host.
    pub fn of(addresses: &Addresses) -> Self {
        let virtual_host = addresses.amqp.rsplit('/').next().expect("a virtual host").to_owned();
        Self { http: Client::new(), api: format!("{}/api", addresses.console), virtual_host }
    }

    /// Publishes a message as a service would.
    ///
    /// # Panics
    /// If no queue takes it.
    pub async fn publish(&self, routing_key: &str, body: &str) {
        let message = json!({
            "routing_key": routing_key,
            "payload": body,
            "payload_encoding": "string",
            "properties": { "delivery_mode": 2, "content_type": BATCH },
        });
        let path = format!("exchanges/{}/{EXCHANGE}/publish", self.virtual_host);
        let answer = self.ask(Method::POST, &path, Some(message)).await;
        assert_eq!(answer["routed"], true, "{routing_key} leads nowhere");
    }

    /// Publishes any message, and says whether a queue has taken it for good.
    ///
    /// # Errors
    /// It may have been published, or not.
    pub async fn try_publish(&self, message: &Forged) -> Result<bool, String> {
        let request = json!({
            "routing_key": message.routing_key,
            "payload": BASE64.encode(&message.body),
            "payload_encoding": "base64",
            "properties": { "delivery_mode": 2, "content_type": message.content_type },
        });
        let path = format!("exchanges/{}/{EXCHANGE}/publish", self.virtual_host);
        let answer = self.try_ask(Method::POST, &path, Some(request)).await?;
        Ok(answer["routed"] == true)
    }

    /// Takes messages away from the head of a queue, `count` at most, with the first `max_bytes` of each body.
    ///
    /// # Errors
    /// Some may be gone unseen.
    pub async fn try_take(&self, queue: &str, count: usize, max_bytes: usize) -> Result<Vec<Taken>, String> {
        let request = json!({
            "count": count, "ackmode": "ack_requeue_false", "encoding": "auto", "truncate": max_bytes,
        });
        let path = format!("queues/{}/{queue}/get", self.virtual_host);
        let messages = self.try_ask(Method::POST, &path, Some(request)).await?;
        serde_json::from_value(messages).map_err(|error| error.to_string())
    }

    /// How many messages a queue holds, those with consumers counted. The figure may be five seconds old.
    ///
    /// # Errors
    /// If the broker does not answer, or has counted nothing yet.
    pub async fn try_count(&self, queue: &str) -> Result<u64, String> {
        let path = format!("queues/{}/{queue}", self.virtual_host);
        let answer = self.try_ask(Method::GET, &path, None).await?;
        answer["messages"].as_u64().ok_or_else(|| format!("{queue} is not counted"))
    }

    /// The messages at the head of a queue, 1000 at most; they stay there.
    pub async fn look(&self, queue: &str) -> Vec<Taken> {
        let request = json!({ "count": 1000, "ackmode": "ack_requeue_true", "encoding": "auto" });
        let path = format!("queues/{}/{queue}/get", self.virtual_host);
        let messages = self.ask(Method::POST, &path, Some(request)).await;
        serde_json::from_value(messages).expect("messages as the interface documents them")
    }

    /// What a queue holds, once that is `count` messages or more.
    pub async fn until_holds(&self, queue: &str, count: usize) -> Vec<Taken> {
        until(format!("{queue} holds {count} messages"), async || {
            let found = self.look(queue).await;
            if found.len() < count { Err(format!("it holds {}", found.len())) } else { Ok(found) }
        })
        .await
    }

    /// The events of a queue, once there are `count` or more.
    pub async fn until_events(&self, queue: &str, count: usize) -> Vec<Value> {
        until(format!("{queue} holds {count} events"), async || {
            let found: Vec<Value> = self.look(queue).await.iter().flat_map(Taken::events).collect();
            if found.len() < count { Err(format!("it holds {found:?}")) } else { Ok(found) }
        })
        .await
    }

    /// Deletes whatever waits in a queue.
    pub async fn purge(&self, queue: &str) {
        let path = format!("queues/{}/{queue}/contents", self.virtual_host);
        self.ask(Method::DELETE, &path, None).await;
    }

    /// Takes away what leads messages with a routing key to a queue.
    ///
    /// # Errors
    /// If it was not there, or the broker does not answer.
    pub async fn try_unbind(&self, queue: &str, routing_key: &str) -> Result<(), String> {
        let path = format!("bindings/{}/e/{EXCHANGE}/q/{queue}/{routing_key}", self.virtual_host);
        self.try_ask(Method::DELETE, &path, None).await.map(drop)
    }

    /// Whether there is a queue, and messages with a routing key are led to it.
    ///
    /// # Errors
    /// If the broker does not answer.
    pub async fn try_is_bound(&self, queue: &str, routing_key: &str) -> Result<bool, String> {
        let path = format!("exchanges/{}/{EXCHANGE}/bindings/source", self.virtual_host);
        let bindings = self.try_ask(Method::GET, &path, None).await?;
        let leads =
            |binding: &Value| binding["destination"] == queue && binding["routing_key"] == routing_key;
        Ok(bindings.as_array().is_some_and(|bindings| bindings.iter().any(leads)))
    }

    /// Declares a queue that gets whatever has a routing key from now on.
    pub async fn listen(&self, queue: &str, routing_key: &str) {
        let virtual_host = &self.virtual_host;
        let durable = json!({ "durable": true });
        self.ask(Method::PUT, &format!("queues/{virtual_host}/{queue}"), Some(durable)).await;
        let binding = format!("bindings/{virtual_host}/e/{EXCHANGE}/q/{queue}");
        self.ask(Method::POST, &binding, Some(json!({ "routing_key": routing_key }))).await;
    }

    /// Deletes a queue with everything in it.
    ///
    /// # Errors
    /// If it was not there, or the broker does not answer.
    pub async fn try_delete(&self, queue: &str) -> Result<(), String> {
        let path = format!("queues/{}/{queue}", self.virtual_host);
        self.try_ask(Method::DELETE, &path, None).await.map(drop)
    }

    /// The dead letters of both queues.
    pub async fn dead_letters(&self) -> Vec<Taken> {
        let mut letters = self.look(&dead(crate::events::REQUESTS)).await;
        letters.extend(self.look(&dead(crate::events::RESULTS)).await);
        letters
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        self.send(method, path, body, None).await.unwrap_or_else(|error| panic!("{error}"))
    }

    async fn try_ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
        self.send(method, path, body, Some(TIMEOUT)).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        timeout: Option<Duration>,
    ) -> Result<Value, String> {
        let url = format!("{}/{path}", self.api);
        let mut request = self.http.request(method.clone(), &url).basic_auth("user", Some("password"));
        if let Some(body) = &body {
            request = request.json(body);
        }
        if let Some(timeout) = timeout {
            request = request.timeout(timeout);
        }
        let failed = |error: reqwest::Error| format!("{method} {url}: {error:?}");
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        let answer = response.text().await.map_err(failed)?;
        if !status.is_success() {
            return Err(format!("{method} {url} was answered {status} {answer}"));
        }
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&answer)
            .map_err(|error| format!("{method} {url} was answered {answer}: {error}"))
    }
}

impl Taken {
    /// The body, byte for byte; where it was cut, as far as it goes.
    pub fn bytes(&self) -> Vec<u8> {
        let text = || self.payload.clone().into_bytes();
        if self.payload_encoding == "base64" {
            BASE64.decode(&self.payload).unwrap_or_else(|_| text())
        } else {
            text()
        }
    }

    /// The events of its body.
    ///
    /// # Panics
    /// If it is no batch.
    pub fn events(&self) -> Vec<Value> {
        serde_json::from_str(&self.payload).unwrap_or_else(|error| panic!("{error}: {}", self.payload))
    }
}

/// The name of a queue's dead-letter queue.
pub fn dead(queue: &str) -> String {
    format!("{queue}.dead")
}

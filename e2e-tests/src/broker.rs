use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::{Value, json};
use stack::Addresses;

use crate::until;

const EXCHANGE: &str = "gozon.events";

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
    /// The body.
    pub payload: String,
    /// What kind of a message it says it is, among others.
    pub properties: Value,
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
            "properties": {
                "delivery_mode": 2,
                "content_type": "application/cloudevents-batch+json",
            },
        });
        let path = format!("exchanges/{}/{EXCHANGE}/publish", self.virtual_host);
        let answer = self.ask(Method::POST, &path, Some(message)).await;
        assert_eq!(answer["routed"], true, "{routing_key} leads nowhere");
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

    /// The dead letters of both queues.
    pub async fn dead_letters(&self) -> Vec<Taken> {
        let mut letters = self.look(&dead(crate::events::REQUESTS)).await;
        letters.extend(self.look(&dead(crate::events::RESULTS)).await);
        letters
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/{path}", self.api);
        let request = self.http.request(method.clone(), &url).basic_auth("user", Some("password"));
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.unwrap_or_else(|error| panic!("{method} {url}: {error:?}"));
        let status = response.status();
        let answer = response.text().await.unwrap_or_default();
        assert!(status.is_success(), "{method} {url} was answered {status} {answer}");
        if answer.is_empty() { Value::Null } else { serde_json::from_str(&answer).expect("JSON") }
    }
}

impl Taken {
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

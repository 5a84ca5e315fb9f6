//! The broker seen by a client of its own, without the library.

use lapin::options::{
    BasicAckOptions, BasicGetOptions, BasicPublishOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use messaging::Event;
use messaging::event::{join_batch, split_batch};
use stack::{Servers, http};
use uuid::Uuid;

use super::{KEY, World, eventually};

pub(crate) struct Amqp {
    channel: Channel,
    // Closes the connection when it is dropped.
    _connection: Connection,
}

impl Amqp {
    pub(crate) async fn connect(world: &World) -> Self {
        let connection = Connection::connect(&world.amqp_url, ConnectionProperties::default()).await.unwrap();
        Self { channel: connection.create_channel().await.unwrap(), _connection: connection }
    }

    /// Publishes a body as it is.
    pub(crate) async fn publish(&self, body: &[u8]) {
        self.publish_to(KEY, body).await;
    }

    pub(crate) async fn publish_to(&self, key: &str, body: &[u8]) {
        let (exchange, key) = ("events".into(), key.into());
        let options = BasicPublishOptions::default();
        let publish = self.channel.basic_publish(exchange, key, options, body, BasicProperties::default());
        publish.await.unwrap().await.unwrap();
    }

    pub(crate) async fn publish_events<'a>(&self, events: impl IntoIterator<Item = &'a Event>) {
        let events: Vec<String> = events.into_iter().map(Event::to_json).collect();
        self.publish(&join_batch(events.iter().map(String::as_str))).await;
    }

    /// Takes a body off a queue, if there is one.
    pub(crate) async fn take(&self, queue: &str) -> Option<Vec<u8>> {
        let got = self.channel.basic_get(queue.into(), BasicGetOptions::default()).await.unwrap()?;
        got.ack(BasicAckOptions::default()).await.unwrap();
        Some(got.delivery.data)
    }

    /// Takes the next body off a queue, waiting for it.
    pub(crate) async fn take_next(&self, queue: &str) -> Vec<u8> {
        let mut body = None;
        let what = format!("a message in {queue}");
        eventually(&what, async || {
            body = self.take(queue).await;
            body.is_some()
        })
        .await;
        body.unwrap()
    }

    /// Takes messages off a queue until it is empty; the ids of their events, message by message.
    pub(crate) async fn take_ids(&self, queue: &str) -> Vec<Vec<Uuid>> {
        let mut messages = Vec::new();
        while let Some(body) = self.take(queue).await {
            messages.push(ids(&body));
        }
        messages
    }

    /// Messages ready for delivery; those that a consumer holds are not.
    pub(crate) async fn ready(&self, queue: &str) -> u32 {
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
        let declared = self.channel.queue_declare(queue.into(), passive, FieldTable::default());
        declared.await.unwrap().message_count()
    }

    pub(crate) async fn until_ready(&self, queue: &str, expected: u32) {
        let what = format!("{expected} messages in {queue}");
        eventually(&what, async || self.ready(queue).await == expected).await;
    }

    pub(crate) async fn delete_queue(&self, queue: &str) {
        self.channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
    }
}

/// The ids of a body's events.
pub(crate) fn ids(body: &[u8]) -> Vec<Uuid> {
    let events = split_batch(body).unwrap();
    events.iter().map(|event| Event::from_json(event.get()).unwrap().id).collect()
}

/// A request to the management interface.
pub(crate) async fn manage(servers: &Servers, method: &str, path: &str, body: &str) {
    let port = servers.console_url().rsplit(':').next().unwrap().parse().unwrap();
    // user:password in base64.
    let headers = "Authorization: Basic dXNlcjpwYXNzd29yZA==\r\nContent-Type: application/json\r\n";
    let status = http::status(method, port, path, headers, body).await.unwrap();
    assert!((200..300).contains(&status), "{method} {path} was answered {status}");
}

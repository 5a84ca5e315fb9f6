//! The broker seen by a client of its own, without the library.

use lapin::options::{
    BasicAckOptions, BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeleteOptions,
    QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use messaging::Event;
use messaging::event::{join_batch, split_batch};
use stack::{Servers, http};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::{KEY, World, eventually};

/// user:password in base64.
const AUTHORIZATION: &str = "Authorization: Basic dXNlcjpwYXNzd29yZA==\r\n";

pub(crate) struct Amqp {
    channel: Channel,
    // Closes the connection when it is dropped.
    _connection: Connection,
}

impl Amqp {
    pub(crate) async fn connect(world: &World) -> Self {
        let connection = Connection::connect(&world.amqp_url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        Self { channel, _connection: connection }
    }

    /// Publishes a body as it is, and returns when it is in its queues.
    pub(crate) async fn publish(&self, body: &[u8]) {
        self.publish_to(KEY, body).await;
    }

    pub(crate) async fn publish_to(&self, key: &str, body: &[u8]) {
        let (exchange, key) = ("events".into(), key.into());
        let options = BasicPublishOptions::default();
        let publish = self.channel.basic_publish(exchange, key, options, body, BasicProperties::default());
        assert!(publish.await.unwrap().await.unwrap().is_ack());
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

    pub(crate) async fn delete_exchange(&self, exchange: &str) {
        self.channel.exchange_delete(exchange.into(), ExchangeDeleteOptions::default()).await.unwrap();
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

/// How many deliveries of a queue have been acknowledged, as the management interface has it some seconds later.
pub(crate) async fn acknowledged(world: &World, queue: &str) -> u64 {
    let mut stream = TcpStream::connect(("127.0.0.1", console_port(world.servers))).await.unwrap();
    let path = format!("/api/queues/{}/{queue}", world.virtual_host);
    stream.write_all(format!("GET {path} HTTP/1.0\r\n{AUTHORIZATION}\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let queue: serde_json::Value = serde_json::from_str(body).unwrap();
    queue["message_stats"]["ack"].as_u64().unwrap_or_default()
}

/// A request to the management interface.
pub(crate) async fn manage(servers: &Servers, method: &str, path: &str, body: &str) {
    let headers = format!("{AUTHORIZATION}Content-Type: application/json\r\n");
    let status = http::status(method, console_port(servers), path, &headers, body).await.unwrap();
    assert!((200..300).contains(&status), "{method} {path} was answered {status}");
}

fn console_port(servers: &Servers) -> u16 {
    servers.console_url().rsplit(':').next().unwrap().parse().unwrap()
}

//! The supervised connection to the broker.
//!
//! The client library's own recovery gives up after a number of attempts and can leave channels stuck, so it
//! stays off. Whoever needs the broker opens a [`Session`], works until the first error, drops the whole
//! connection and opens another after a [back-off](crate::Backoff). Publishing and consuming have a connection
//! each, so that a broker that blocks publishers still hands out messages and takes acks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, Queue};

use crate::error::within;
use crate::{Error, Topology};

/// Connecting, opening a channel and declaring the topology, together.
const OPEN_LIMIT: Duration = Duration::from_secs(10);
/// A graceful close; after it the socket is dropped.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);
/// How soon a raised or cleared alarm is noticed.
const BLOCKED_POLL: Duration = Duration::from_millis(100);
/// A silent peer is noticed within two of these.
const HEARTBEAT_SECONDS: u16 = 10;

/// A session keeps buffers for 64 frames of this size, and writes all over them as it goes on: at the broker's 128 KiB that
/// is 8 MiB for each. Longer messages are several frames.
const FRAME_BYTES: u32 = 16 << 10;

/// Where the broker is and what must exist on it.
#[derive(Debug, Clone)]
pub struct Broker {
    uri: AMQPUri,
    client: String,
    topology: Topology,
}

/// Whether a part (a relay, a consumer) holds a working session: for readiness checks.
#[derive(Debug, Clone, Default)]
pub struct Connected(Arc<AtomicBool>);

/// A connection with one channel. Dropping it closes both.
pub struct Session {
    connection: Connection,
    pub(crate) channel: Channel,
}

impl Connected {
    /// Whether the part is connected right now, as far as it knows.
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, connected: bool) {
        self.0.store(connected, Ordering::Relaxed);
    }
}

impl Broker {
    /// `url` is `amqp://user:password@host:port/vhost`; `client` is the name shown in the broker's console.
    ///
    /// # Errors
    /// The address or the topology can't be used. Nothing is connected yet.
    pub fn new(url: &str, client: &str, topology: Topology) -> Result<Self, Error> {
        topology.check()?;
        let mut uri: AMQPUri = url.parse().map_err(Error::Address)?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
        uri.query.frame_max.get_or_insert(FRAME_BYTES);
        Ok(Self { uri, client: client.to_owned(), topology })
    }

    /// Connects, declares the topology and returns the session; `role` names it in the console.
    pub async fn open(&self, role: &str) -> Result<Session, Error> {
        within(OPEN_LIMIT, "opening a broker session", async {
            let session = self.connect(role).await?;
            self.topology.declare(&session.channel).await?;
            Ok::<_, Error>(session)
        })
        .await
    }

    /// The same without declaring anything, for whoever looks at what there is.
    pub(crate) async fn connect(&self, role: &str) -> Result<Session, Error> {
        within(OPEN_LIMIT, "connecting to the broker", async {
            let name = format!("{} {role}", self.client);
            let properties = ConnectionProperties::default().with_connection_name(name.into());
            let connection = Connection::connect_uri(self.uri.clone(), properties).await?;
            let channel = connection.create_channel().await?;
            Ok::<_, Error>(Session { connection, channel })
        })
        .await
    }

    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }
}

impl Session {
    /// Messages ready in `queue`, those with consumers not counted.
    pub async fn depth(&self, queue: &str) -> Result<u32, Error> {
        Ok(self.look(queue).await?.message_count())
    }

    /// How many messages are ready in `queue`, and how many consumers it has.
    pub(crate) async fn look(&self, queue: &str) -> Result<Queue, Error> {
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
        let declared = self.channel.queue_declare(queue.into(), passive, FieldTable::default());
        within(OPEN_LIMIT, "looking at a queue", declared).await
    }

    /// Another channel of the same connection.
    pub(crate) async fn create_channel(&self) -> Result<Channel, Error> {
        Ok(self.connection.create_channel().await?)
    }

    /// Fails if the connection is gone.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.connection.status().connected() { Ok(()) } else { Err(Error::Disconnected) }
    }

    /// Whether the broker has raised an alarm and reads nothing more from this connection.
    pub(crate) fn is_blocked(&self) -> bool {
        let status = self.connection.status();
        status.connected() && status.blocked()
    }

    /// Waits until the broker blocks this connection, or no longer does.
    pub(crate) async fn until_blocked(&self, blocked: bool) {
        while self.is_blocked() != blocked {
            tokio::time::sleep(BLOCKED_POLL).await;
        }
    }

    /// Closes the connection; the broker takes back what is not acknowledged.
    pub async fn close(self) {
        let close = self.connection.close(200, "bye".into());
        // An error here means that it is closed already.
        let _ = tokio::time::timeout(CLOSE_LIMIT, close).await;
    }
}

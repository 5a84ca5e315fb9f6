//! Clients that watch the accounts' users while orders are sent: what they hear, how soon, and what they cost.
//!
//! Each holds one stream of server-sent events. An order counts as heard when a client has been told that it is final.
//! Every client has to hear of every order of its user, except of those that were final before it was last told to fetch
//! anew: what is missing then was dropped silently.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use hdrhistogram::Histogram;
use http_body_util::BodyExt;
use hyper::Uri;
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::time::sleep;
use tokio_postgres::Client as Database;
use uuid::Uuid;

use crate::client::Client;
use crate::clock::since_epoch;
use crate::error::{Doing, Error, Result};
use crate::load::lock;
use crate::report::Quantiles;
use crate::tally::{self, Accepted};
use crate::usage::resident_mib;

/// Connections that are being opened at once: fewer than a server's queue of new ones.
const OPENED_AT_ONCE: usize = 100;
/// After the last order is final, how long news of it may be under way.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// What the clients heard, and what they cost.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LiveReport {
    pub(crate) clients: usize,
    /// Changes told to clients, each counted once per client.
    pub(crate) messages: u64,
    /// How often a client was told to fetch anew, after its first message.
    pub(crate) resets: u64,
    /// Clients that were let go.
    pub(crate) closed: u64,
    /// Pairs of a client and a final order that it was not told of.
    pub(crate) missing: u64,
    /// What orders-service has resident for a client that waits: KiB of growth while all were opened, divided by them.
    pub(crate) resident_kib_per_client: f64,
    /// From the beginning of the transaction that made an order final to the news at a client, on one clock.
    pub(crate) settled_to_told: Quantiles,
}

/// Clients that listen until they are dropped.
pub(crate) struct Live {
    hearing: Arc<Mutex<Hearing>>,
    resident_kib_per_client: f64,
    /// Ends the thread.
    _stop: oneshot::Sender<()>,
}

struct Hearing {
    clients: Vec<Heard>,
    messages: u64,
    resets: u64,
    closed: u64,
    told_after: Histogram<u64>,
}

/// What one client heard.
struct Heard {
    user: Uuid,
    finals: HashSet<Uuid>,
    /// When it was last told to fetch anew, in µs of the epoch.
    complete_since: i64,
}

/// What is read of a change.
#[derive(Deserialize)]
struct Change {
    id: Uuid,
    status: String,
    at: chrono::DateTime<chrono::Utc>,
}

impl Live {
    /// Opens `count` streams at `address`, for one user after another, and returns when each has its first message.
    /// `service` is the process that serves them.
    pub(crate) async fn open(
        address: SocketAddr,
        users: &[Uuid],
        count: usize,
        service: i32,
    ) -> Result<Self> {
        let heard = |user: &Uuid| Heard { user: *user, finals: HashSet::new(), complete_since: 0 };
        let clients: Vec<Heard> = users.iter().cycle().take(count).map(heard).collect();
        let hearing = Hearing { clients, messages: 0, resets: 0, closed: 0, told_after: tally::histogram() };
        let hearing = Arc::new(Mutex::new(hearing));
        let resident = || resident_mib(service).ok_or_else(|| Error::Other("the service is gone".into()));
        let before = resident()?;
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let shared = Arc::clone(&hearing);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.doing("starting the clients")?;
        thread::spawn(move || {
            runtime.block_on(async {
                let _ = ready.send(open_all(address, &shared).await);
                let _ = stopped.await;
            });
        });
        is_ready.await.map_err(|_| Error::Other("the clients ended before they began".into()))??;
        let resident_kib_per_client = (resident()? - before) * 1024.0 / count as f64;
        Ok(Self { hearing, resident_kib_per_client, _stop: stop })
    }

    /// Waits until the clients have heard of every order of `accepted`, which all are final, or for some seconds.
    pub(crate) async fn finish(self, orders: &Database, accepted: &[Accepted]) -> Result<LiveReport> {
        let ids: Vec<Uuid> = accepted.iter().map(|order| order.id).collect();
        let query = "SELECT user_id, id, (extract(epoch FROM settled_at) * 1e6)::bigint FROM orders WHERE id = ANY ($1)";
        let rows = orders.query(query, &[&ids]).await.doing("asking whose orders they are")?;
        let mut of_user: HashMap<Uuid, Vec<(Uuid, i64)>> = HashMap::new();
        for row in rows {
            let settled_at = row.get::<_, Option<i64>>(2).unwrap_or(0);
            of_user.entry(row.get(0)).or_default().push((row.get(1), settled_at));
        }
        let give_up_at = Instant::now() + PATIENCE;
        loop {
            let missing = lock(&self.hearing).missing(&of_user);
            if missing == 0 || Instant::now() > give_up_at {
                let hearing = lock(&self.hearing);
                return Ok(LiveReport {
                    clients: hearing.clients.len(),
                    messages: hearing.messages,
                    resets: hearing.resets,
                    closed: hearing.closed,
                    missing,
                    resident_kib_per_client: self.resident_kib_per_client,
                    settled_to_told: Quantiles::of(&hearing.told_after),
                });
            }
            sleep(PAUSE).await;
        }
    }
}

impl Hearing {
    fn missing(&self, of_user: &HashMap<Uuid, Vec<(Uuid, i64)>>) -> u64 {
        let missed = |client: &Heard| {
            let finals = of_user.get(&client.user).map_or(&[][..], Vec::as_slice);
            let due = finals.iter().filter(|(_, settled_at)| *settled_at > client.complete_since);
            due.filter(|(order, _)| !client.finals.contains(order)).count() as u64
        };
        self.clients.iter().map(missed).sum()
    }

    fn hear(&mut self, client: usize, event: &str, data: &str) {
        let now = i64::try_from(since_epoch().as_micros()).unwrap_or(i64::MAX);
        match event {
            "order" => {
                self.messages += 1;
                // What can't be read is missing in the end.
                let Ok(change) = serde_json::from_str::<Change>(data) else { return };
                if change.status != "NEW" && self.clients[client].finals.insert(change.id) {
                    let after = now.saturating_sub(change.at.timestamp_micros()).max(0).cast_unsigned();
                    tally::record(&mut self.told_after, Duration::from_micros(after));
                }
            }
            "reset" => {
                self.resets += 1;
                self.clients[client].complete_since = now;
            }
            _ => {}
        }
    }
}

async fn open_all(address: SocketAddr, hearing: &Arc<Mutex<Hearing>>) -> Result<()> {
    let users: Vec<Uuid> = lock(hearing).clients.iter().map(|client| client.user).collect();
    for (chunk, users) in users.chunks(OPENED_AT_ONCE).enumerate() {
        let streams = try_join_all(users.iter().map(|user| Stream::open(address, *user))).await?;
        for (index, stream) in streams.into_iter().enumerate() {
            let (client, hearing) = (chunk * OPENED_AT_ONCE + index, Arc::clone(hearing));
            tokio::spawn(stream.listen(client, hearing));
        }
    }
    Ok(())
}

/// A stream of events.
struct Stream {
    body: Incoming,
    text: Vec<u8>,
    _client: Client,
}

impl Stream {
    /// A stream whose first message has been read.
    async fn open(address: SocketAddr, user: Uuid) -> Result<Self> {
        let mut client = Client::connect(address).await?;
        let path = Uri::try_from(format!("/orders/events/{user}")).expect("a UUID makes a path");
        let body = client.get(path, "").await?;
        let mut stream = Self { body, text: Vec::new(), _client: client };
        match stream.next().await {
            Some(_) => Ok(stream),
            None => Err(Error::Other("a stream of events ended before it began".into())),
        }
    }

    async fn listen(mut self, client: usize, hearing: Arc<Mutex<Hearing>>) {
        while let Some(message) = self.next().await {
            let field =
                |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            lock(&hearing).hear(client, field("event: "), field("data: "));
        }
        lock(&hearing).closed += 1;
    }

    /// The next message with its fields, or a heart-beat; nothing if the stream has ended.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.text.windows(2).position(|two| two == b"\n\n") {
                let message: Vec<u8> = self.text.drain(..end + 2).collect();
                return String::from_utf8(message).ok();
            }
            let frame = self.body.frame().await?.ok()?;
            self.text.extend_from_slice(frame.data_ref()?);
        }
    }
}

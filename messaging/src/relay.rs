//! Relay: moves committed messages from the outbox to the broker, each at least once.
//!
//! One transaction deletes rows, publishes them, awaits their confirms and commits. If anything fails it rolls
//! back, and the rows are still there for this relay or another. No cursor, so that no row is passed over when
//! ids commit out of order; no leases; any number of relays, thanks to `SKIP LOCKED`.

use std::sync::Arc;
use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use metrics::{counter, histogram};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::error::within;
pub use crate::publisher::Publisher;
use crate::{Backoff, Broker, Connected, Error, Lease, Pool, crash_point, mutant, outbox};

/// Rows in one transaction, at most: bounds what a failed confirm repeats, and memory.
const MAX_ROWS: i64 = 500;
/// How often the outbox is looked at without a wake-up: finds rows that another process left behind.
const POLL: Duration = Duration::from_millis(100);
/// A pause that lets a batch grow, taken only when the last one was big enough to show that load is on.
const LINGER: Duration = Duration::from_millis(1);
const LINGER_FROM_ROWS: usize = 8;
/// A relay commits nothing but that rows are gone. If the server dies before that is on disk, they are sent once more, as
/// they are if the relay dies before it commits; so nobody waits for the disk.
const DELETES_MAY_BE_LOST: &str = "SET synchronous_commit = off";
const SETTING_LIMIT: Duration = Duration::from_secs(5);
/// A batch with its database round trips; only a silent network takes longer, since the server has its own limits.
const RUN_LIMIT: Duration = Duration::from_secs(15);
/// After shutdown is asked for, how long what is committed may still be sent.
const DRAIN_LIMIT: Duration = Duration::from_secs(3);

/// The relay of one outbox. Run it on a task of its own: see [`Relay::run`].
pub struct Relay {
    /// The database that has the outbox; one connection is used.
    pub pool: Pool,
    /// Where to send.
    pub broker: Broker,
    /// Notified after each commit that wrote to the outbox.
    pub wake: Arc<Notify>,
    /// Set while a session works.
    pub connected: Connected,
}

impl Relay {
    /// Works until `shutdown`, then sends what is already committed if the broker answers.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut backoff = Backoff::default();
        while !shutdown.is_cancelled() {
            if let Err(error) = self.session(&shutdown).await {
                warn!(%error, "relay: session lost; unsent messages stay in the outbox");
                counter!("messaging_relay_failures_total").increment(1);
            }
            self.connected.set(false);
            backoff.wait(&shutdown).await;
        }
    }

    async fn session(&self, shutdown: &CancellationToken) -> Result<(), Error> {
        let Some(publisher) = shutdown.run_until_cancelled(Publisher::open(&self.broker)).await else {
            return Ok(());
        };
        let publisher = publisher?;
        // Never given back, because of how it is set.
        let mut conn = Lease::take(&self.pool).await?;
        within(SETTING_LIMIT, "setting up the relay", conn.batch_execute(DELETES_MAY_BE_LOST)).await?;
        self.connected.set(true);
        info!("relay: connected");
        let mut worked = self.work(&mut conn, &publisher, shutdown).await;
        if worked.is_ok() {
            worked = drain(&mut conn, &publisher).await;
        }
        drop(conn);
        // While it is blocked, a connection can't even be closed: those that come after it would pile up.
        shutdown.run_until_cancelled(publisher.until_unblocked()).await;
        publisher.close().await;
        worked
    }

    async fn work(
        &self,
        conn: &mut AsyncPgConnection,
        publisher: &Publisher,
        shutdown: &CancellationToken,
    ) -> Result<(), Error> {
        while !shutdown.is_cancelled() {
            publisher.check()?;
            if publisher.is_blocked() {
                warn!("relay: the broker blocks publishers; messages wait in the outbox");
                counter!("messaging_relay_blocked_total").increment(1);
                shutdown.run_until_cancelled(publisher.until_unblocked()).await;
                continue;
            }
            // Registered before the query: a commit between the query and the wait is not missed.
            let mut woken = std::pin::pin!(self.wake.notified());
            woken.as_mut().enable();
            let sent = within(RUN_LIMIT, "relaying a batch", run_once(conn, publisher)).await?;
            if sent == MAX_ROWS as usize {
                continue;
            }
            if sent >= LINGER_FROM_ROWS {
                tokio::time::sleep(LINGER).await;
            }
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(POLL) => {}
                () = shutdown.cancelled() => {}
            }
        }
        Ok(())
    }
}

/// Sends all that is committed. What is not sent in time is still in the outbox at the next start.
async fn drain(conn: &mut AsyncPgConnection, publisher: &Publisher) -> Result<(), Error> {
    let all = async {
        while !publisher.is_blocked() && run_once(conn, publisher).await? > 0 {}
        Ok::<_, Error>(())
    };
    within(DRAIN_LIMIT, "sending what is left", all).await
}

/// Sends one batch and returns how many messages it held; 0 when there is none to send.
///
/// # Errors
/// The batch may have been sent, in whole or in part, and is still in the outbox. Drop both connections.
pub async fn run_once(conn: &mut AsyncPgConnection, publisher: &Publisher) -> Result<usize, Error> {
    if mutant!("delete-before-confirm") {
        let messages = outbox::claim(conn, MAX_ROWS).await?;
        publisher.publish(&messages).await?;
        return Ok(messages.len());
    }
    let sent = conn
        .transaction::<_, Error, _>(async |conn| {
            let messages = outbox::claim(conn, MAX_ROWS).await?;
            if !messages.is_empty() {
                crash_point!("relay.claimed");
                publisher.publish(&messages).await?;
                crash_point!("relay.confirmed");
            }
            Ok(messages.len())
        })
        .await?;
    if sent > 0 {
        crash_point!("relay.committed");
        counter!("messaging_published_total").increment(sent as u64);
        histogram!("messaging_relay_batch_rows").record(sent as f64);
    }
    Ok(sent)
}

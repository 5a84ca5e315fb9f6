//! Relay: moves committed messages from the outbox to the broker, each at least once.
//!
//! What its own process commits is handed over and sent from memory, several batches at a time; their rows are deleted
//! when they are confirmed. What nobody handed over (a process died, the broker was away, there was no room) is found in
//! the table, beside that: one transaction deletes rows, publishes them, awaits their confirms and commits. If anything
//! fails the rows are still there for this relay or another. No cursor that lasts, so that no row is passed over when ids
//! commit out of order; no leases; any number of relays, thanks to `SKIP LOCKED`.

use std::mem;
use std::pin::pin;
use std::time::Duration;

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::{Fuse, FusedFuture};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt, join, try_join};
use metrics::{counter, histogram};
use tokio::sync::Semaphore;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::error::within;
use crate::outbox::{Message, Row};
pub use crate::publisher::Publisher;
use crate::{
    Backoff, Broker, Connected, Error, Handed, Lease, Pool, crash_point, mutant, outbox, transaction, vacuum,
};

/// Rows in one transaction, at most: bounds what a failed confirm repeats, and memory.
const MAX_ROWS: i64 = 500;
/// Batches that are on their way to the broker at the same time.
const MAX_SENDING: usize = 8;
/// Full batches that a search goes on for before it begins anew.
const MAX_SEARCH: usize = 100;
/// The pause of a search if anything was sent beside it, in units of what its batch took.
const PAUSE_FACTOR: u32 = 3;
/// The pause after a search that found nothing, in units of what it took: the server steps over each row that was deleted
/// since the last vacuum, which under load takes milliseconds.
const IDLE_FACTOR: u32 = 100;
/// A batch that took long says little about the next.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often what is confirmed is deleted, several batches together, and, unless a search pauses, rows are looked for that
/// nobody handed over.
const POLL: Duration = Duration::from_millis(100);
/// Rows of this age are taken to be left behind: the process that had them is gone, or has lost them. If only it or its
/// broker is slow, they are sent twice.
const LEFT_BEHIND: Duration = Duration::from_secs(1);
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
    /// The database that has the outbox; one connection is used, and at times another one, to vacuum it.
    pub pool: Pool,
    /// Where to send.
    pub broker: Broker,
    /// What is committed by this process.
    pub handed: Handed,
    /// Set while a session works.
    pub connected: Connected,
}

impl Relay {
    /// Works until `shutdown`, then sends what is already committed if the broker answers.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let (pool, dead) = (self.pool.clone(), Semaphore::new(0));
        join!(self.sessions(&dead, &shutdown), vacuum::run(&pool, &dead, &shutdown));
    }

    async fn sessions(&mut self, dead: &Semaphore, shutdown: &CancellationToken) {
        let mut backoff = Backoff::default();
        while !shutdown.is_cancelled() {
            if let Err(error) = self.session(dead, shutdown).await {
                warn!(%error, "relay: session lost; unsent messages stay in the outbox");
                counter!("messaging_relay_failures_total").increment(1);
            }
            self.connected.set(false);
            backoff.wait(shutdown).await;
        }
    }

    async fn session(&mut self, dead: &Semaphore, shutdown: &CancellationToken) -> Result<(), Error> {
        let Some(publisher) = shutdown.run_until_cancelled(Publisher::open(&self.broker)).await else {
            return Ok(());
        };
        let publisher = publisher?;
        // Never given back, because of how it is set.
        let mut conn = Lease::take(&self.pool).await?;
        within(SETTING_LIMIT, "setting up the relay", conn.batch_execute(DELETES_MAY_BE_LOST)).await?;
        self.handed.clear();
        self.connected.set(true);
        info!("relay: connected");
        let mut sent = Vec::new();
        let mut worked = self.work(&conn, &publisher, &mut sent, dead, shutdown).await;
        if worked.is_ok() {
            worked = drain(&conn, &publisher).await;
        }
        // It may be in the middle of a transaction.
        drop(conn);
        if !sent.is_empty() {
            shutdown.run_until_cancelled(self.forget_elsewhere(sent, dead)).await;
        }
        // While it is blocked, a connection can't even be closed: those that come after it would pile up.
        shutdown.run_until_cancelled(publisher.until_unblocked()).await;
        publisher.close().await;
        worked
    }

    async fn work(
        &mut self,
        conn: &AsyncPgConnection,
        publisher: &Publisher,
        sent: &mut Vec<i64>,
        dead: &Semaphore,
        shutdown: &CancellationToken,
    ) -> Result<(), Error> {
        let mut sending = FuturesUnordered::new();
        let mut search = Search::default();
        let mut search_at = Instant::now();
        // Has the database connection to itself, and what is handed over does not wait for it.
        let mut tidying = pin!(Fuse::terminated());
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !shutdown.is_cancelled() {
            publisher.check()?;
            let is_blocked = publisher.is_blocked();
            if is_blocked && tidying.is_terminated() {
                warn!("relay: the broker blocks publishers; messages wait in the outbox");
                counter!("messaging_relay_blocked_total").increment(1);
                forget(conn, mem::take(sent), dead).await?;
                shutdown.run_until_cancelled(publisher.until_unblocked()).await;
                continue;
            }
            tokio::select! {
                Some(confirmed) = sending.next() => sent.extend(confirmed?),
                rows = self.handed.next(), if sending.len() < MAX_SENDING && !is_blocked => {
                    if tidying.is_terminated() && mutant!("delete-before-confirm") {
                        outbox::forget(conn, &rows.iter().map(|row| row.id).collect()).await?;
                    }
                    sending.push(send(publisher, rows));
                }
                _ = poll.tick(), if tidying.is_terminated() => {
                    let after = (Instant::now() >= search_at).then_some(search.after);
                    tidying.set(tidy(conn, publisher, mem::take(sent), after, dead).fuse());
                }
                tidied = &mut tidying, if !tidying.is_terminated() => {
                    if let Some((found, took)) = tidied? {
                        // A backlog is late already; what is new comes first, and neither waits for good.
                        let is_alone = sending.is_empty() && sent.is_empty();
                        let goes_on = search.goes_on(&found);
                        let factor = match goes_on {
                            true if !is_alone => PAUSE_FACTOR,
                            false if found.is_empty() => IDLE_FACTOR,
                            _ => 0,
                        };
                        let pause = (factor * took).min(LONGEST_PAUSE);
                        search_at = Instant::now() + pause;
                        if goes_on {
                            poll.reset_after(pause.min(POLL));
                        }
                    }
                }
                () = shutdown.cancelled() => {}
            }
        }
        // What is under way would be sent once more.
        let confirmed = async {
            while let Some(confirmed) = sending.next().await {
                sent.extend(confirmed?);
            }
            Ok::<_, Error>(())
        };
        let tidied = async { if tidying.is_terminated() { Ok(None) } else { tidying.await } };
        try_join!(confirmed, tidied)?;
        forget(conn, mem::take(sent), dead).await
    }

    /// Deletes what a session that failed had sent, so that the next sends no more than it must.
    async fn forget_elsewhere(&self, sent: Vec<i64>, dead: &Semaphore) {
        let forgotten = async { forget(&*Lease::take(&self.pool).await?, sent, dead).await };
        if let Err(error) = forgotten.await {
            warn!(%error, "relay: what was sent is still in the outbox, and will be sent again");
        }
    }
}

/// Deletes what is sent. Then, if given an id to begin after, sends a batch of what was left behind; returns its ids and how
/// long that took.
async fn tidy(
    conn: &AsyncPgConnection,
    publisher: &Publisher,
    sent: Vec<i64>,
    after: Option<i64>,
    dead: &Semaphore,
) -> Result<Option<(Vec<i64>, Duration)>, Error> {
    forget(conn, sent, dead).await?;
    let Some(after) = after else {
        return Ok(None);
    };
    let begun = Instant::now();
    let found = claim_and_send(conn, publisher, after, LEFT_BEHIND);
    let found = within(RUN_LIMIT, "relaying a batch", found).await?;
    dead.add_permits(found.len());
    Ok(Some((found, begun.elapsed())))
}

/// Deletes what is sent. If that fails it is sent once more.
async fn forget(conn: &AsyncPgConnection, sent: Vec<i64>, dead: &Semaphore) -> Result<(), Error> {
    if !sent.is_empty() {
        let forgotten = within(RUN_LIMIT, "deleting what is sent", outbox::forget(conn, &sent)).await?;
        dead.add_permits(forgotten);
        crash_point!("relay.committed");
    }
    Ok(())
}

/// The way through an outbox that many messages wait in: a batch begins where the last one ended, for the server would
/// step over each row that was deleted before. What is committed, or comes back, behind that is found from the beginning.
#[derive(Default)]
struct Search {
    /// The id to begin after.
    after: i64,
    batches: usize,
}

impl Search {
    /// Whether there may be more after these ids.
    fn goes_on(&mut self, found: &[i64]) -> bool {
        let is_full = found.len() == MAX_ROWS as usize;
        *self = match found.iter().max() {
            Some(&last) if is_full && self.batches < MAX_SEARCH => {
                Self { after: last, batches: self.batches + 1 }
            }
            _ => Self::default(),
        };
        is_full
    }
}

/// Sends rows from memory, and returns their ids once they are confirmed.
async fn send(publisher: &Publisher, rows: Vec<Row>) -> Result<Vec<i64>, Error> {
    crash_point!("relay.claimed");
    let (ids, messages) = parts(rows);
    publisher.publish(&messages).await?;
    crash_point!("relay.confirmed");
    count(messages.len());
    Ok(ids)
}

/// Sends all that is committed. What is not sent in time is still in the outbox at the next start.
async fn drain(conn: &AsyncPgConnection, publisher: &Publisher) -> Result<(), Error> {
    let all = async {
        while !publisher.is_blocked() && run_once(conn, publisher).await? > 0 {}
        Ok::<_, Error>(())
    };
    within(DRAIN_LIMIT, "sending what is left", all).await
}

fn parts(rows: Vec<Row>) -> (Vec<i64>, Vec<Message>) {
    rows.into_iter().map(|Row { id, message }| (id, message)).unzip()
}

fn count(sent: usize) {
    counter!("messaging_published_total").increment(sent as u64);
    histogram!("messaging_relay_batch_rows").record(sent as f64);
}

/// Sends one batch of the outbox and returns how many messages it held; 0 when there is none to send.
///
/// # Errors
/// The batch may have been sent, in whole or in part, and is still in the outbox. Drop both connections.
pub async fn run_once(conn: &AsyncPgConnection, publisher: &Publisher) -> Result<usize, Error> {
    Ok(claim_and_send(conn, publisher, 0, Duration::ZERO).await?.len())
}

async fn claim_and_send(
    conn: &AsyncPgConnection,
    publisher: &Publisher,
    after: i64,
    age: Duration,
) -> Result<Vec<i64>, Error> {
    let begun = Instant::now();
    let claimed = transaction::begin(conn, outbox::claim(conn, after, age, MAX_ROWS)).await;
    // What finds nothing, or fails, may have taken long for that.
    histogram!("messaging_relay_claim_seconds").record(begun.elapsed());
    let (ids, messages) = parts(claimed?);
    if mutant!("delete-before-confirm") {
        transaction::commit(conn).await?;
        publisher.publish(&messages).await?;
        return Ok(ids);
    }
    if !messages.is_empty() {
        crash_point!("relay.claimed");
        publisher.publish(&messages).await?;
        crash_point!("relay.confirmed");
    }
    transaction::commit(conn).await?;
    if !ids.is_empty() {
        crash_point!("relay.committed");
        count(ids.len());
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the next batch begins after one of `rows` rows with ids from `first`, and whether it is looked for at once.
    fn next(search: &mut Search, first: i64, rows: usize) -> (i64, bool) {
        let found: Vec<i64> = (first..).take(rows).collect();
        let goes_on = search.goes_on(&found);
        (search.after, goes_on)
    }

    #[test]
    fn a_search_goes_on_after_full_batches_and_begins_anew_after_the_last() {
        const FULL: usize = MAX_ROWS as usize;
        let mut search = Search::default();
        assert_eq!(next(&mut search, 1, FULL), (MAX_ROWS, true));
        assert_eq!(next(&mut search, 1_001, FULL), (1_000 + MAX_ROWS, true));
        assert_eq!(next(&mut search, 2_001, FULL - 1), (0, false));
        assert_eq!(next(&mut search, 1, 0), (0, false));
    }

    #[test]
    fn a_search_begins_anew_at_times_however_much_there_is() {
        let mut search = Search::default();
        let batches = (1..).step_by(MAX_ROWS as usize);
        let starts: Vec<_> =
            batches.take(2 * MAX_SEARCH).map(|first| next(&mut search, first, MAX_ROWS as usize)).collect();
        assert!(starts.iter().all(|(_, goes_on)| *goes_on));
        let anew: Vec<usize> = (0..starts.len()).filter(|&batch| starts[batch].0 == 0).collect();
        assert_eq!(anew, [MAX_SEARCH]);
    }
}

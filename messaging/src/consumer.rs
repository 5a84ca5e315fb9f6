//! Consumer: takes deliveries through the inbox, many events in one transaction, and acks after the commit, several batches
//! together.
//!
//! Whatever is ready is handled together, up to [`MAX_EVENTS`]. A crash at any point leads to redelivery, which
//! the inbox reports as such. A database that is away is not the message's fault: the batch stays
//! unacknowledged and is tried again, with nothing more taken meanwhile than the prefetch allows.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use diesel::QueryResult;
use diesel::result::DatabaseErrorKind::UniqueViolation;
use diesel::result::Error::DatabaseError;
use diesel_async::AsyncPgConnection;
use futures_util::{FutureExt, StreamExt, try_join};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions};
use lapin::types::FieldTable;
use metrics::{counter, histogram};
use serde_json::value::RawValue;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::broker::Session;
use crate::dead_letter::{NOT_A_CLOUDEVENT, Reason};
use crate::due::Due;
use crate::error::within;
use crate::event::{Event, MAX_BATCH, split_batch};
use crate::outbox::{Message, Row};
use crate::{
    Backoff, Broker, Connected, Error, Handoff, Lease, Pace, Pool, crash_point, dead_letter, inbox, mutant,
    outbox, transaction,
};

/// Events in one transaction, at most.
pub const MAX_EVENTS: usize = 500;
/// Messages that the broker hands out ahead of their acks.
const PREFETCH: u16 = 100;
/// How long what is committed may wait for its ack, or for the end of the batch that is in hand then. A quorum queue writes
/// an ack to its log and flushes that, as it does a message: acks of several batches together cost the broker what one does.
const ACK_AFTER: Duration = Duration::from_millis(50);
/// So many messages are acknowledged at once: the broker has others to hand out meanwhile.
const ACK_AT: usize = PREFETCH as usize / 2;
/// An ack or another short exchange with the broker.
const BROKER_LIMIT: Duration = Duration::from_secs(5);
/// One transaction; only a silent network takes longer, since the server has limits of its own.
const TRANSACTION_LIMIT: Duration = Duration::from_secs(10);

/// What a service does with events.
///
/// It runs again with the same events if the transaction fails, so its only effects are in the database and in what it
/// returns.
pub trait Handler: Send + Sync + 'static {
    /// What it has begun with; `()` if it does nothing before it knows the duplicates.
    type Begun: Default + Send;
    /// What it has to say of a batch once that is committed.
    type Report: Default + Send;

    /// Begins to apply `events` while the inbox is being asked which of them are duplicates. The statements that it does
    /// not await one after another leave together with BEGIN, which saves a round trip. If they write they must fail
    /// [outside of the transaction](crate::only_within). What they read may be older than what the inbox says.
    fn begin(
        &self,
        _conn: &AsyncPgConnection,
        _events: &[Event],
    ) -> impl Future<Output = QueryResult<Self::Begun>> + Send {
        async { Ok(Self::Begun::default()) }
    }

    /// Applies `events`, in order, within the caller's transaction.
    fn handle(
        &self,
        conn: &mut AsyncPgConnection,
        events: &[Received<'_>],
        begun: Self::Begun,
    ) -> impl Future<Output = QueryResult<Handled<Self::Report>>> + Send;

    /// Counts and announces what has been committed, right after that. A process that ends in between never does:
    /// nothing that must happen belongs here.
    fn committed(&self, _report: Self::Report) {}

    /// A transaction may have been committed and its answer is lost: nobody will report it.
    fn uncertain(&self) {}
}

/// What a handler made of its events. It is committed with the handler's own effects.
#[derive(Debug, Default)]
pub struct Handled<R = ()> {
    /// What it has put into the outbox, to be handed over to the relay.
    pub enqueued: Vec<Row>,
    /// The events that it did not apply.
    pub refusals: Vec<Refusal>,
    /// For [`Handler::committed`].
    pub report: R,
}

/// An event as the inbox sees it.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// The event.
    pub event: &'a Event,
    /// Whether a committed transaction, or an earlier place in this batch, has had this id already.
    pub duplicate: bool,
}

/// An event that its handler will not apply: it has had no effect, and becomes a dead letter.
///
/// The inbox forgets it, unless it is a duplicate: a letter that is [redriven](dead_letter::redrive) is new.
#[derive(Debug)]
pub struct Refusal {
    /// The event's place in the batch.
    pub index: usize,
    /// Why, for the operator.
    pub reason: Reason,
}

/// The consumer of one queue. Run it on a task of its own: see [`Consumer::run`].
pub struct Consumer<H> {
    /// The database that has the inbox; one connection is used.
    pub pool: Pool,
    /// Where the queue is.
    pub broker: Broker,
    /// The queue's name.
    pub queue: String,
    /// The way to the relay.
    pub handoff: Handoff,
    /// Set while a session works.
    pub connected: Connected,
    /// What to do.
    pub handler: H,
}

/// Deliveries that are handled, committed and acknowledged together.
#[derive(Default)]
struct Batch {
    events: Vec<Event>,
    /// Events of decodable bodies that are no CloudEvents, with what is wrong.
    malformed: Vec<(Box<RawValue>, String)>,
    /// The newest delivery with a decodable body; acknowledging it acknowledges all before it.
    last: Option<Delivery>,
    /// Deliveries with decodable bodies.
    messages: usize,
}

/// Deliveries that are committed and wait for their acks.
#[derive(Default)]
struct Committed {
    last: Option<Delivery>,
    messages: usize,
    /// When they are to be acknowledged.
    due: Due,
}

impl Committed {
    fn add(&mut self, batch: &mut Batch) {
        self.last = batch.last.take();
        self.messages += batch.messages;
        self.due.within(ACK_AFTER);
    }

    async fn acknowledge(&mut self) -> Result<(), Error> {
        let Some(last) = std::mem::take(self).last else { return Ok(()) };
        let ack = last.ack(BasicAckOptions { multiple: true });
        if !within(BROKER_LIMIT, "acknowledging", ack).await? {
            // The channel died; everything comes again and the inbox absorbs it.
            counter!("messaging_lost_acks_total").increment(1);
            return Err(Error::Disconnected);
        }
        crash_point!("consumer.acked");
        Ok(())
    }
}

/// What a transaction did with a batch.
struct Applied<R> {
    /// Dead letters included.
    enqueued: Vec<Row>,
    duplicates: usize,
    refusals: Vec<Refusal>,
    report: R,
}

impl<H: Handler> Consumer<H> {
    /// Works until `shutdown`; the batch in hand is finished first.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut backoff = Backoff::default();
        while !shutdown.is_cancelled() {
            // A panic is a bug in the handler. It must not end consuming while everything else goes on.
            let session = AssertUnwindSafe(self.session(&shutdown)).catch_unwind();
            if let Err(error) = session.await.unwrap_or(Err(Error::Panicked)) {
                warn!(queue = self.queue, %error, "consumer: session lost; unacknowledged messages come again");
                counter!("messaging_consumer_failures_total").increment(1);
            }
            self.connected.set(false);
            backoff.wait(&shutdown).await;
        }
    }

    async fn session(&self, shutdown: &CancellationToken) -> Result<(), Error> {
        let Some(session) = shutdown.run_until_cancelled(self.broker.open("consumer")).await else {
            return Ok(());
        };
        let session = session?;
        let mut deliveries = self.subscribe(&session).await?;
        self.connected.set(true);
        info!(queue = self.queue, "consumer: connected");
        let mut pace = Pace::for_transactions(1);
        let mut committed = Committed::default();
        // What the last session did not acknowledge comes again.
        let mut repeats = true;
        loop {
            pace.wait().await;
            let first = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                () = committed.due.reached() => {
                    committed.acknowledge().await?;
                    continue;
                }
                delivery = deliveries.next() => delivery,
            };
            let begun = Instant::now();
            let mut batch = self.collect(first, &mut deliveries).await?;
            if batch.last.is_none() {
                continue;
            }
            if mutant!("ack-before-commit") {
                committed.add(&mut batch);
                committed.acknowledge().await?;
            }
            crash_point!("consumer.delivered");
            if !self.commit(&batch, &mut repeats, shutdown).await {
                break;
            }
            crash_point!("consumer.committed");
            pace.done(begun, batch.events.len());
            committed.add(&mut batch);
            if committed.messages >= ACK_AT {
                committed.acknowledge().await?;
            }
        }
        committed.acknowledge().await?;
        session.close().await;
        Ok(())
    }

    async fn subscribe(&self, session: &Session) -> Result<lapin::Consumer, Error> {
        let channel = &session.channel;
        within(BROKER_LIMIT, "subscribing", async {
            channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
            let options = BasicConsumeOptions::default();
            let tag = lapin::types::ShortString::default();
            channel.basic_consume(self.queue.as_str().into(), tag, options, FieldTable::default()).await
        })
        .await
    }

    /// Adds whatever is ready to the first delivery. A body that is no batch is rejected on the spot.
    async fn collect(
        &self,
        first: Option<lapin::Result<Delivery>>,
        deliveries: &mut lapin::Consumer,
    ) -> Result<Batch, Error> {
        let mut batch = Batch::default();
        let mut next = Some(first);
        while let Some(delivery) = next {
            // A stream that ends is an error, not the end of work.
            let delivery = delivery.ok_or(Error::ConsumerEnded)??;
            counter!("messaging_redelivered_total").increment(delivery.redelivered.into());
            match split_batch(&delivery.data) {
                Ok(events) => {
                    for raw in events {
                        match Event::from_json(raw.get()) {
                            Ok(event) => batch.events.push(event),
                            Err(reason) => batch.malformed.push((raw.to_owned(), reason)),
                        }
                    }
                    batch.last = Some(delivery);
                    batch.messages += 1;
                }
                Err(reason) => self.reject(&delivery, &reason).await?,
            }
            let full = batch.events.len() + batch.malformed.len() + MAX_BATCH > MAX_EVENTS;
            next = if full { None } else { deliveries.next().now_or_never() };
        }
        Ok(batch)
    }

    async fn reject(&self, delivery: &Delivery, reason: &str) -> Result<(), Error> {
        let reason = dead_letter::shortened(reason);
        error!(queue = self.queue, reason, "consumer: body is no batch of events; dead-lettered");
        counter!("messaging_rejected_bodies_total").increment(1);
        let reject = delivery.reject(BasicRejectOptions { requeue: false });
        within(BROKER_LIMIT, "rejecting a message", reject).await?;
        Ok(())
    }

    /// Tries until the batch is committed; false if `shutdown` came first. `repeats` is whether some of the events are
    /// expected to have come before, and in the end whether some had.
    async fn commit(&self, batch: &Batch, repeats: &mut bool, shutdown: &CancellationToken) -> bool {
        let mut backoff = Backoff::default();
        let mut has_failed = false;
        loop {
            match self.try_commit(batch, *repeats).await {
                Ok(duplicates) => {
                    *repeats = duplicates > 0;
                    // What looked like a failure may have been committed after that was said.
                    if has_failed {
                        self.handler.uncertain();
                    }
                    return true;
                }
                // The inbox's or the handler's. The server has rolled everything back: nobody need be told.
                Err(Error::Database(DatabaseError(UniqueViolation, _))) if !*repeats => {
                    *repeats = true;
                    continue;
                }
                Err(error) => {
                    has_failed = true;
                    *repeats = true;
                    warn!(queue = self.queue, %error, "consumer: transaction failed; trying again");
                    counter!("messaging_transaction_retries_total").increment(1);
                    self.handler.uncertain();
                }
            }
            backoff.wait(shutdown).await;
            if shutdown.is_cancelled() {
                return false;
            }
        }
    }

    /// Returns how many of the events had come before.
    async fn try_commit(&self, batch: &Batch, repeats: bool) -> Result<usize, Error> {
        let mut conn = Lease::take(&self.pool).await?;
        let mut applied =
            within(TRANSACTION_LIMIT, "handling a batch", self.apply(&mut conn, batch, repeats)).await?;
        conn.give_back();
        self.handoff.send(std::mem::take(&mut applied.enqueued));
        self.report(batch, &applied);
        self.handler.committed(applied.report);
        Ok(applied.duplicates)
    }

    /// The whole transaction.
    async fn apply(
        &self,
        conn: &mut AsyncPgConnection,
        batch: &Batch,
        repeats: bool,
    ) -> QueryResult<Applied<H::Report>> {
        let ids: Vec<_> = batch.events.iter().map(|event| event.id).collect();
        let accept = async {
            if repeats { inbox::accept(conn, &ids).await } else { inbox::accept_new(conn, &ids).await }
        };
        let first = async { try_join!(accept, self.handler.begin(conn, &batch.events)) };
        let (mut fresh, begun) = transaction::begin(conn, first).await?;
        let received: Vec<Received<'_>> = batch
            .events
            .iter()
            .map(|event| Received {
                event,
                // Removed at its first place, so that a repeat within the batch is a duplicate too.
                duplicate: !fresh.remove(&event.id),
            })
            .collect();
        let Handled { mut enqueued, refusals, report } = self.handler.handle(conn, &received, begun).await?;
        inbox::forget(conn, &dead_letter::without_effect(&received, &refusals)).await?;
        let refused = refusals.iter().map(|refusal| {
            let raw = RawValue::from_string(batch.events[refusal.index].to_json());
            dead_letter::message(&self.queue, &refusal.reason, &raw.expect("an event is JSON"))
        });
        let malformed = batch.malformed.iter().map(|(raw, reason)| {
            dead_letter::message(&self.queue, &Reason::new(NOT_A_CLOUDEVENT, reason), raw)
        });
        let letters: Vec<Message> = refused.chain(malformed).collect();
        enqueued.extend(outbox::enqueue(conn, letters).await?);
        crash_point!("consumer.handled");
        transaction::commit(conn).await?;
        let duplicates = received.iter().filter(|received| received.duplicate).count();
        Ok(Applied { enqueued, duplicates, refusals, report })
    }

    /// Logs and counts what is committed: a batch that is tried again counts once.
    fn report(&self, batch: &Batch, applied: &Applied<H::Report>) {
        for Refusal { index, reason } in &applied.refusals {
            let event = &batch.events[*index];
            error!(queue = self.queue, event.id = %event.id, event.kind = event.kind,
                code = reason.code, reason = dead_letter::shortened(&reason.text), "consumer: event refused; dead-lettered");
        }
        for (_, reason) in &batch.malformed {
            let reason = dead_letter::shortened(reason);
            error!(queue = self.queue, reason, "consumer: not a CloudEvent; dead-lettered");
        }
        let letters = applied.refusals.len() + batch.malformed.len();
        counter!("messaging_dead_letters_total").increment(letters as u64);
        counter!("messaging_duplicates_total").increment(applied.duplicates as u64);
        histogram!("messaging_consumer_batch_events").record(batch.events.len() as f64);
    }
}

//! Commits new orders (transaction T1 of docs/MESSAGING.md): many requests, one statement.
//!
//! Handlers hand their orders over and wait for the answer; one task takes whatever is ready. A client that
//! disconnects drops its handler's future, never the committer's, so that an order is created whole or not at
//! all. A full queue is refused at once: nothing is done, and memory stays bounded.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use diesel::result::{DatabaseErrorKind, Error};
use messaging::broadcast::Voice;
use messaging::outbox::Row;
use messaging::{Handoff, Lease, Pace, Pool, crash_point};
use metrics::{counter, histogram};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::domain::{NewOrder, OrderChange, tell};
use crate::store::{self, Candidate, Creation};

/// Orders in one statement, at most.
const MAX_BATCH: usize = 500;
/// Orders that may wait, beyond which requests are refused: a fraction of a second's work.
const QUEUE: usize = 4 * MAX_BATCH;
/// So many waiting orders fill a message, and are not kept waiting for more.
const FILLED: usize = messaging::event::MAX_BATCH;
/// An order's own, that of its payment and that of its settlement.
const TRANSACTIONS: u32 = 3;
/// One statement with its round trip.
const STATEMENT_LIMIT: Duration = Duration::from_millis(1500);
/// A request is answered within two seconds, come what may.
const ANSWER_LIMIT: Duration = Duration::from_millis(1800);

/// Why an order was not created, or may not have been.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The queue is full; nothing was done.
    Overloaded,
    /// The database is away or too slow; whether the order exists is unknown.
    Unavailable,
}

/// The handlers' end: hands orders over. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Committer {
    queue: mpsc::Sender<Job>,
    filled: Arc<Notify>,
}

/// The other end: run it on a task of its own.
pub(crate) struct Worker {
    queue: mpsc::Receiver<Job>,
    filled: Arc<Notify>,
    pool: Pool,
    handoff: Handoff,
    voice: Voice,
}

type Outcomes = Vec<Result<Creation, Failure>>;
type Answer = oneshot::Sender<Result<Creation, Failure>>;

struct Job {
    order: NewOrder,
    answer: Answer,
}

/// A committer that writes with one connection of `pool`, and after each commit hands the requests for payment over to the relay and tells what is new.
pub(crate) fn new(pool: Pool, handoff: Handoff, voice: Voice) -> (Committer, Worker) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let filled = Arc::new(Notify::new());
    let committer = Committer { queue: sender, filled: filled.clone() };
    (committer, Worker { queue: receiver, filled, pool, handoff, voice })
}

impl Committer {
    /// Creates an order and asks for its payment, and returns when that is committed.
    pub(crate) async fn create(&self, order: NewOrder) -> Result<Creation, Failure> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Job { order, answer }).map_err(|error| match error {
            TrySendError::Full(_) => {
                counter!("orders_overloaded_total").increment(1);
                Failure::Overloaded
            }
            TrySendError::Closed(_) => Failure::Unavailable,
        })?;
        // Whoever sees another number, since others come and go, leaves it to the pace.
        if QUEUE - self.queue.capacity() == FILLED {
            self.filled.notify_one();
        }
        match tokio::time::timeout(ANSWER_LIMIT, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(Failure::Unavailable),
        }
    }
}

impl Worker {
    /// Commits until `shutdown`, and then what is still in the queue.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        // Ids in the order of creation, to a quarter of a microsecond, even if two replicas made them.
        let ids = ContextV7::new().with_additional_precision();
        let mut conn = None;
        let mut jobs = Vec::with_capacity(MAX_BATCH);
        let mut repeats = false;
        let mut pace = Pace::for_transactions(TRANSACTIONS);
        loop {
            tokio::select! {
                () = pace.wait() => {}
                () = self.filled.notified() => {}
            }
            tokio::select! {
                biased;
                taken = self.queue.recv_many(&mut jobs, MAX_BATCH) => if taken == 0 { return },
                () = shutdown.cancelled() => return,
            }
            let begun = Instant::now();
            let now = Utc::now().trunc_subsecs(6);
            let (candidates, answers): (Vec<_>, Vec<_>) =
                jobs.drain(..).map(|Job { order, answer }| (candidate(&ids, now, order), answer)).unzip();
            self.commit(&mut conn, &mut repeats, &candidates, answers).await;
            pace.done(begun, candidates.len());
        }
    }

    async fn commit(
        &self,
        slot: &mut Option<Lease>,
        repeats: &mut bool,
        candidates: &[Candidate],
        answers: Vec<Answer>,
    ) {
        histogram!("orders_commit_batch_events").record(candidates.len() as f64);
        crash_point!("create.taken");
        let (outcomes, enqueued) = self.create(slot, repeats, candidates).await;
        self.handoff.send(enqueued);
        crash_point!("create.committed");
        let created = outcomes.iter().filter_map(|outcome| match outcome {
            Ok(Creation::Created(order)) => Some(OrderChange::created(order)),
            _ => None,
        });
        let created: Vec<_> = created.collect();
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // The client may be gone; its order stands all the same.
            let _ = answer.send(outcome);
        }
        tell(&self.voice, &created);
    }

    /// One outcome for each candidate, and the requests for payment.
    async fn create(
        &self,
        slot: &mut Option<Lease>,
        repeats: &mut bool,
        candidates: &[Candidate],
    ) -> (Outcomes, Vec<Row>) {
        let mut attempt = self.statement(slot, candidates, *repeats).await;
        if matches!(attempt, Err(Attempt::Repeated)) {
            attempt = self.statement(slot, candidates, true).await;
        }
        match attempt {
            Ok((creations, enqueued)) => {
                *repeats = enqueued.len() < creations.len();
                (creations.into_iter().map(Ok).collect(), enqueued)
            }
            Err(Attempt::Refused) if candidates.len() > 1 => self.create_one_by_one(slot, candidates).await,
            Err(_) => (candidates.iter().map(|_| Err(Failure::Unavailable)).collect(), Vec::new()),
        }
    }

    /// The server refused the whole and rolled it back: row by row, so that a bad one fails alone.
    async fn create_one_by_one(
        &self,
        slot: &mut Option<Lease>,
        candidates: &[Candidate],
    ) -> (Outcomes, Vec<Row>) {
        counter!("orders_commit_batches_split_total").increment(1);
        let (mut outcomes, mut enqueued) = (Vec::with_capacity(candidates.len()), Vec::new());
        let mut lost = false;
        for candidate in candidates.chunks(1) {
            // A database that went away meanwhile is not asked once more for every row.
            let outcome = if lost { Err(Attempt::Lost) } else { self.statement(slot, candidate, true).await };
            lost |= matches!(outcome, Err(Attempt::Lost));
            outcomes.push(match outcome {
                Ok((mut creations, rows)) => {
                    enqueued.extend(rows);
                    Ok(creations.remove(0))
                }
                Err(_) => Err(Failure::Unavailable),
            });
        }
        (outcomes, enqueued)
    }

    async fn statement(
        &self,
        slot: &mut Option<Lease>,
        candidates: &[Candidate],
        repeats: bool,
    ) -> Result<(Vec<Creation>, Vec<Row>), Attempt> {
        let mut conn = match slot.take() {
            Some(conn) => conn,
            None => Lease::take(&self.pool).await.map_err(|error| {
                warn!(%error, "committer: no database connection");
                Attempt::Lost
            })?,
        };
        match tokio::time::timeout(STATEMENT_LIMIT, store::create(&mut conn, candidates, repeats)).await {
            Ok(Ok(created)) => {
                *slot = Some(conn);
                return Ok(created);
            }
            Ok(Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))) if !repeats => {
                *slot = Some(conn);
                return Err(Attempt::Repeated);
            }
            Ok(Err(error)) => {
                error!(%error, orders = candidates.len(), "committer: statement failed");
                if is_refusal(&error) {
                    *slot = Some(conn);
                    return Err(Attempt::Refused);
                }
            }
            Err(_) => error!(orders = candidates.len(), "committer: no answer from the database"),
        }
        // What was sent may have been committed, and nobody can tell of it.
        self.voice.unsure();
        Err(Attempt::Lost)
    }
}

/// The server's own answer: nothing was committed, and the connection is whole.
fn is_refusal(error: &Error) -> bool {
    use DatabaseErrorKind::UnableToSendCommand;
    matches!(error, Error::DatabaseError(kind, _) if !matches!(kind, UnableToSendCommand))
}

fn candidate(ids: &ContextV7, now: DateTime<Utc>, order: NewOrder) -> Candidate {
    let seconds = now.timestamp().cast_unsigned();
    let id = Uuid::new_v7(Timestamp::from_unix(ids, seconds, now.timestamp_subsec_nanos()));
    Candidate { id, created_at: now, order }
}

/// How a statement failed.
enum Attempt {
    /// The server said no: somebody repeats what was created before, which was not expected. Nothing was committed.
    Repeated,
    /// The server said no: nothing was committed.
    Refused,
    /// There was no connection, or no answer.
    Lost,
}

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
use messaging::{Lease, Pool, crash_point};
use metrics::{counter, histogram};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::domain::{NewOrder, OrderChange, tell};
use crate::store::{self, Candidate, Creation};

/// Orders in one statement, at most.
const MAX_BATCH: usize = 500;
/// Orders that may wait, beyond which requests are refused: a fraction of a second's work.
const QUEUE: usize = 4 * MAX_BATCH;
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
}

/// The other end: run it on a task of its own.
pub(crate) struct Worker {
    queue: mpsc::Receiver<Job>,
    pool: Pool,
    wake: Arc<Notify>,
    voice: Voice,
}

type Answer = oneshot::Sender<Result<Creation, Failure>>;

struct Job {
    order: NewOrder,
    answer: Answer,
}

/// A committer that writes with one connection of `pool`, and after each commit wakes the relay and tells what is new.
pub(crate) fn new(pool: Pool, wake: Arc<Notify>, voice: Voice) -> (Committer, Worker) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (Committer { queue: sender }, Worker { queue: receiver, pool, wake, voice })
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
        loop {
            tokio::select! {
                biased;
                taken = self.queue.recv_many(&mut jobs, MAX_BATCH) => if taken == 0 { return },
                () = shutdown.cancelled() => return,
            }
            let now = Utc::now().trunc_subsecs(6);
            let (candidates, answers): (Vec<_>, Vec<_>) =
                jobs.drain(..).map(|Job { order, answer }| (candidate(&ids, now, order), answer)).unzip();
            self.commit(&mut conn, &candidates, answers).await;
        }
    }

    async fn commit(&self, slot: &mut Option<Lease>, candidates: &[Candidate], answers: Vec<Answer>) {
        histogram!("orders_commit_batch_events").record(candidates.len() as f64);
        crash_point!("create.taken");
        let outcomes = self.create(slot, candidates).await;
        self.wake.notify_one();
        crash_point!("create.committed");
        if outcomes.iter().any(|outcome| matches!(outcome, Err(Failure::Unavailable))) {
            self.voice.unsure();
        }
        let created = outcomes.iter().filter_map(|outcome| match outcome {
            Ok(Creation::Created(order)) => Some(OrderChange::created(order)),
            _ => None,
        });
        tell(&self.voice, &created.collect::<Vec<_>>());
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // The client may be gone; its order stands all the same.
            let _ = answer.send(outcome);
        }
    }

    /// One outcome for each candidate.
    async fn create(
        &self,
        slot: &mut Option<Lease>,
        candidates: &[Candidate],
    ) -> Vec<Result<Creation, Failure>> {
        match self.statement(slot, candidates).await {
            Ok(creations) => creations.into_iter().map(Ok).collect(),
            Err(Attempt::Refused) if candidates.len() > 1 => self.create_one_by_one(slot, candidates).await,
            Err(_) => candidates.iter().map(|_| Err(Failure::Unavailable)).collect(),
        }
    }

    /// The server refused the whole and rolled it back: row by row, so that a bad one fails alone.
    async fn create_one_by_one(
        &self,
        slot: &mut Option<Lease>,
        candidates: &[Candidate],
    ) -> Vec<Result<Creation, Failure>> {
        counter!("orders_commit_batches_split_total").increment(1);
        let mut outcomes = Vec::with_capacity(candidates.len());
        let mut lost = false;
        for candidate in candidates.chunks(1) {
            // A database that went away meanwhile is not asked once more for every row.
            let outcome = if lost { Err(Attempt::Lost) } else { self.statement(slot, candidate).await };
            lost |= matches!(outcome, Err(Attempt::Lost));
            outcomes.push(outcome.map(|mut one| one.remove(0)).map_err(|_| Failure::Unavailable));
        }
        outcomes
    }

    async fn statement(
        &self,
        slot: &mut Option<Lease>,
        candidates: &[Candidate],
    ) -> Result<Vec<Creation>, Attempt> {
        let mut conn = match slot.take() {
            Some(conn) => conn,
            None => Lease::take(&self.pool).await.map_err(|error| {
                warn!(%error, "committer: no database connection");
                Attempt::Lost
            })?,
        };
        match tokio::time::timeout(STATEMENT_LIMIT, store::create(&mut conn, candidates)).await {
            Ok(Ok(creations)) => {
                *slot = Some(conn);
                Ok(creations)
            }
            Ok(Err(error)) => {
                error!(%error, orders = candidates.len(), "committer: statement failed");
                match error {
                    Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, _) => Err(Attempt::Lost),
                    Error::DatabaseError(..) => {
                        *slot = Some(conn);
                        Err(Attempt::Refused)
                    }
                    _ => Err(Attempt::Lost),
                }
            }
            Err(_) => {
                error!(orders = candidates.len(), "committer: no answer from the database");
                Err(Attempt::Lost)
            }
        }
    }
}

fn candidate(ids: &ContextV7, now: DateTime<Utc>, order: NewOrder) -> Candidate {
    let seconds = now.timestamp().cast_unsigned();
    let id = Uuid::new_v7(Timestamp::from_unix(ids, seconds, now.timestamp_subsec_nanos()));
    Candidate { id, created_at: now, order }
}

/// How a statement failed.
enum Attempt {
    /// The server said no: nothing was committed.
    Refused,
    /// The server did not answer: it may have committed.
    Lost,
}

//! What waits in a service's outbox and in the queue that it reads, for operators who look at it live.

use std::time::Duration;

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use messaging::topology::dead_letter_queue;
use messaging::{Broker, Error, outbox};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long a view is shown again before another is taken: what many look at costs no more than what one does.
const FRESH: Duration = Duration::from_millis(900);
/// Messages that are counted, at most.
const MOST_COUNTED: i64 = 10_000;
const BROKER_LIMIT: Duration = Duration::from_secs(2);

/// The latest view of something, shared by all who look.
pub struct Latest<T>(Mutex<Option<(Instant, T)>>);

/// An outbox.
#[derive(Clone, Debug, Serialize)]
pub struct OutboxView {
    messages: i64,
    oldest_age_ms: Option<i64>,
}

/// A queue; without counts the broker is away.
#[derive(Clone, Debug, Serialize)]
pub struct QueueView {
    name: &'static str,
    messages: Option<u32>,
    dead_letters: Option<u32>,
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Latest<T> {
    /// The latest view, or a new one if that is old.
    ///
    /// # Errors
    /// What `look` says.
    pub async fn get<E>(&self, look: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let mut latest = self.0.lock().await;
        if let Some((taken, view)) = &*latest
            && taken.elapsed() < FRESH
        {
            return Ok(view.clone());
        }
        let view = look.await?;
        *latest = Some((Instant::now(), view.clone()));
        Ok(view)
    }
}

/// What waits in the outbox.
///
/// # Errors
/// What the database says.
pub async fn outbox(conn: &mut AsyncPgConnection) -> QueryResult<OutboxView> {
    let (messages, oldest_age_ms) = outbox::backlog(conn, MOST_COUNTED).await?;
    Ok(OutboxView { messages, oldest_age_ms })
}

/// What waits in `queue`, and beside it.
pub async fn queue(broker: &Broker, queue: &'static str) -> QueueView {
    let look = async {
        let session = broker.open("overview").await?;
        let counts = (session.depth(queue).await?, session.depth(&dead_letter_queue(queue)).await?);
        session.close().await;
        Ok::<_, Error>(counts)
    };
    let counts = timeout(BROKER_LIMIT, look).await.ok().and_then(Result::ok);
    let (messages, dead_letters) = counts.unzip();
    QueueView { name: queue, messages, dead_letters }
}

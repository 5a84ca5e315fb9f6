//! A handler that does what an event's type says, and remembers.

use std::sync::{Arc, Mutex};

use diesel::QueryResult;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use messaging::{Handled, Handler, Reason, Received, Refusal};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Its effect is a row in the table `effects` for each event that is no duplicate.
///
/// The types: `Refused` is refused until [`Self::let_go`], unless it is a duplicate; `Twin` if it is one; `Waits` waits until [`Self::let_go`]; `FailsTwice`, `PanicsOnce` and
/// `SwallowsOnce` (a database error, that is) do so; any other is ordinary.
#[derive(Clone)]
pub(crate) struct Recorder {
    seen: Arc<Mutex<Vec<(Uuid, bool)>>>,
    gate: Arc<Semaphore>,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self { seen: Arc::default(), gate: Arc::new(Semaphore::new(0)) }
    }

    /// How often it was given the event, in whatever transaction.
    pub(crate) fn times_seen(&self, id: Uuid) -> usize {
        self.flags(id).len()
    }

    /// Whether it was a duplicate, for each time that it was given the event.
    pub(crate) fn flags(&self, id: Uuid) -> Vec<bool> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(other, _)| *other == id).map(|(_, duplicate)| *duplicate).collect()
    }

    /// Lets the events that wait, and that will, go on.
    pub(crate) fn let_go(&self) {
        self.gate.close();
    }
}

impl Handler for Recorder {
    type Begun = ();
    type Report = ();

    async fn handle(
        &self,
        conn: &mut AsyncPgConnection,
        events: &[Received<'_>],
        (): (),
    ) -> QueryResult<Handled> {
        let mut refusals = Vec::new();
        let mut effects = Vec::new();
        for (index, Received { event, duplicate }) in events.iter().enumerate() {
            self.seen.lock().unwrap().push((event.id, *duplicate));
            let times = self.times_seen(event.id);
            match event.kind.as_str() {
                "Refused" | "Twin" if *duplicate == (event.kind == "Twin") && !self.gate.is_closed() => {
                    refusals.push(Refusal { index, reason: Reason::new("as-asked", "as asked") });
                    continue;
                }
                "Waits" => _ = self.gate.acquire().await,
                "FailsTwice" if times <= 2 => conn.batch_execute("SELECT 1 / 0").await?,
                "SwallowsOnce" if times == 1 => _ = conn.batch_execute("SELECT 1 / 0").await,
                "PanicsOnce" if times == 1 => panic!("as asked"),
                _ => {}
            }
            if !duplicate {
                effects.push(event.id);
            }
        }
        // Whoever swallows an error swallows all that follow from it.
        let inserted = diesel::sql_query("INSERT INTO effects SELECT unnest($1)")
            .bind::<Array<SqlUuid>, _>(effects)
            .execute(conn)
            .await;
        let swallows = events.iter().any(|received| received.event.kind == "SwallowsOnce");
        let handled = Handled { refusals, ..Default::default() };
        if swallows { Ok(handled) } else { inserted.map(|_| handled) }
    }
}

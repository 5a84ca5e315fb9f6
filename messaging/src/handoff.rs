//! From a commit to the relay, within a process: what is committed is sent from memory, at once. The outbox remembers it
//! until it is confirmed, and whatever gets lost on this way is found there.

use metrics::counter;
use tokio::sync::mpsc;

use crate::outbox::Row;

/// Batches that may wait for the relay; more are left to be found in the outbox.
const QUEUE: usize = 16;

/// The end that rows are given to once they are committed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handoff {
    batches: mpsc::Sender<Vec<Row>>,
}

/// The relay's end.
#[derive(Debug)]
pub struct Handed {
    batches: mpsc::Receiver<Vec<Row>>,
}

/// Both ends.
pub fn handoff() -> (Handoff, Handed) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (Handoff { batches: sender }, Handed { batches: receiver })
}

impl Handoff {
    /// Hands over rows that have been committed. It never waits: what there is no room for is found in the outbox.
    pub fn send(&self, rows: Vec<Row>) {
        if !rows.is_empty() && self.batches.try_send(rows).is_err() {
            counter!("messaging_handoffs_dropped_total").increment(1);
        }
    }
}

impl Handed {
    /// The next batch; pending for ever if nobody can hand over any more.
    pub(crate) async fn next(&mut self) -> Vec<Row> {
        match self.batches.recv().await {
            Some(rows) => rows,
            None => std::future::pending().await,
        }
    }

    /// Forgets all that waits: it may be old, and others may have found it in the outbox.
    pub(crate) fn clear(&mut self) {
        while self.batches.try_recv().is_ok() {}
    }
}

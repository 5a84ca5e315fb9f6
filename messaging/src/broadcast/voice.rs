use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use metrics::counter;
use serde::Serialize;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::Member;
use super::packet::Changes;

/// The end of the channel that changes are handed to. Cheap to clone.
#[derive(Clone)]
pub struct Voice {
    pub(super) member: Arc<Member>,
    pub(super) queue: mpsc::Sender<Changes>,
}

impl Voice {
    /// Tells what has been committed: the topic that may find it of interest, and how it stands now. It waits for no
    /// broker: what there is no room for is left out.
    ///
    /// # Panics
    /// If data can't be JSON: a map with keys that are no strings.
    pub fn tell<T: Serialize>(&self, changes: impl IntoIterator<Item = (Uuid, T)>) {
        let changes: Vec<_> = changes.into_iter().collect();
        for (topic, data) in &changes {
            self.member.audience.changed(*topic, &Json(data));
        }
        if changes.is_empty() {
            return;
        }
        if self.member.is_alone.load(Ordering::Relaxed) {
            self.member.omit();
        } else if self.queue.try_send(changes.into_iter().collect()).is_err() {
            self.member.omit();
            counter!("messaging_changes_untold_total").increment(1);
        }
    }

    /// Something may have been committed that nobody can tell, or still will be: whoever listens is told to look, within a
    /// second, and again when that is decided; without a broker, each time an attempt to reach it is over. Other processes
    /// learn of it when the broker is there.
    pub fn unsure(&self) {
        self.member.is_unsure.store(true, Ordering::Relaxed);
    }
}

/// Is written only if somebody asks.
struct Json<'a, T>(&'a T);

impl<T: Serialize> Display for Json<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self.0).expect("changes are plain data"))
    }
}

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use messaging::broadcast::{Audience, Change};
use metrics::gauge;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Messages that a client may be behind; one that is slower is let go.
const CLIENT_QUEUE: usize = 64;
/// Changes that are remembered for clients that come back, of all topics together: a few megabytes.
const REMEMBERED: usize = 10_000;
/// Clients of one replica, at most.
const MAX_CLIENTS: usize = 10_000;

/// The clients of this replica, by what they watch. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    /// What a change is called.
    event: &'static str,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Positions of one epoch can be compared. A new one begins when changes may be missing.
    epoch: u32,
    /// Of the latest change.
    number: u64,
    /// The latest changes, with what they are of.
    recent: VecDeque<(Uuid, Message)>,
    watchers: HashMap<Uuid, Vec<Watcher>>,
    count: usize,
    next_watcher: u64,
    is_closed: bool,
}

struct Watcher {
    id: u64,
    queue: mpsc::Sender<Message>,
}

/// What a client is told. Cheap to clone.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Message {
    /// Where the client is then, if it has missed nothing.
    pub id: Position,
    pub event: &'static str,
    pub data: Arc<RawValue>,
}

/// A place in what a hub has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    epoch: u32,
    number: u64,
}

/// A client's end. Dropping it ends the watching.
pub(super) struct Subscription {
    hub: Hub,
    topic: Uuid,
    id: u64,
    /// What to tell first.
    pub first: Vec<Message>,
    pub queue: mpsc::Receiver<Message>,
}

impl Hub {
    /// A hub without clients; `event` is what a change is called.
    pub(crate) fn new(event: &'static str) -> Self {
        let state = State { epoch: fastrand::u32(..), ..State::default() };
        Self { event, state: Arc::new(Mutex::new(state)) }
    }

    /// Watches `topic` from now on, or from `last` on if that is remembered. `None` says that there are too many clients,
    /// or that the service is about to end.
    pub(super) fn watch(&self, topic: Uuid, last: Option<Position>) -> Option<Subscription> {
        let mut state = self.state();
        if state.is_closed || state.count == MAX_CLIENTS {
            return None;
        }
        let missed = last.and_then(|last| Some((last, state.since(last, topic)?)));
        let first = match missed {
            Some((last, missed)) if missed.len() < CLIENT_QUEUE => {
                let resumed = Message { id: last, ..state.message("resumed", reason("position-known")) };
                [resumed].into_iter().chain(missed).collect()
            }
            _ => vec![state.message("reset", reason("connected"))],
        };
        let (sender, queue) = mpsc::channel(CLIENT_QUEUE);
        let id = state.next_watcher;
        state.next_watcher += 1;
        state.watchers.entry(topic).or_default().push(Watcher { id, queue: sender });
        state.count += 1;
        state.report();
        Some(Subscription { hub: self.clone(), topic, id, first, queue })
    }

    /// Lets all clients go, and takes no new ones.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.watchers.clear();
        state.count = 0;
        state.report();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Audience for Hub {
    fn changed(&self, Change { topic, data }: Change) {
        let mut state = self.state();
        state.number += 1;
        let message = state.message(self.event, Arc::from(data));
        state.tell(topic, &message);
        if state.recent.len() == REMEMBERED {
            state.recent.pop_front();
        }
        state.recent.push_back((topic, message));
    }

    fn reset(&self) {
        let mut state = self.state();
        state.epoch = state.epoch.wrapping_add(1);
        state.recent.clear();
        let message = state.message("reset", reason("may-have-missed"));
        let topics: Vec<Uuid> = state.watchers.keys().copied().collect();
        topics.into_iter().for_each(|topic| state.tell(topic, &message));
    }
}

impl State {
    fn message(&self, event: &'static str, data: Arc<RawValue>) -> Message {
        Message { id: Position { epoch: self.epoch, number: self.number }, event, data }
    }

    /// Tells whoever watches `topic`. Who is too far behind is let go: its queue ends.
    fn tell(&mut self, topic: Uuid, message: &Message) {
        let Some(watchers) = self.watchers.get_mut(&topic) else {
            return;
        };
        let before = watchers.len();
        watchers.retain(|watcher| watcher.queue.try_send(message.clone()).is_ok());
        let gone = before - watchers.len();
        if watchers.is_empty() {
            self.watchers.remove(&topic);
        }
        if gone > 0 {
            self.count -= gone;
            metrics::counter!("live_slow_clients_total").increment(gone as u64);
            self.report();
        }
    }

    /// The changes of `topic` after `last`; `None` if some may be forgotten.
    fn since(&self, last: Position, topic: Uuid) -> Option<Vec<Message>> {
        let oldest = self.recent.front().map_or(self.number + 1, |(_, message)| message.id.number);
        if last.epoch != self.epoch || last.number > self.number || last.number + 1 < oldest {
            return None;
        }
        let newer = self.recent.iter().rev().take_while(|(_, message)| message.id.number > last.number);
        let mut missed: Vec<Message> =
            newer.filter(|(of, _)| *of == topic).map(|(_, message)| message.clone()).collect();
        missed.reverse();
        Some(missed)
    }

    fn report(&self) {
        gauge!("live_clients").set(self.count as f64);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        let Some(watchers) = state.watchers.get_mut(&self.topic) else {
            return;
        };
        let before = watchers.len();
        watchers.retain(|watcher| watcher.id != self.id);
        let gone = before - watchers.len();
        if watchers.is_empty() {
            state.watchers.remove(&self.topic);
        }
        state.count -= gone;
        state.report();
    }
}

impl Subscription {
    /// Why the queue has ended.
    pub(super) fn why_closed(&self) -> &'static str {
        if self.hub.is_closed() { "shutdown" } else { "too-slow" }
    }

    /// The last message to a client.
    pub(super) fn close_message(&self) -> Message {
        let why = reason(self.why_closed());
        self.hub.state().message("close", why)
    }
}

/// The data of a message that is no change.
fn reason(reason: &str) -> Arc<RawValue> {
    let data = RawValue::from_string(format!(r#"{{"reason":"{reason}"}}"#));
    Arc::from(data.expect("it is JSON"))
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}-{}", self.epoch, self.number)
    }
}

impl std::str::FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (epoch, number) = text.split_once('-').ok_or(())?;
        let epoch = u32::from_str_radix(epoch, 16).map_err(|_| ())?;
        Ok(Self { epoch, number: number.parse().map_err(|_| ())? })
    }
}

impl Serialize for Position {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(topic: Uuid, number: u64) -> Change {
        Change::new(topic, &number)
    }

    fn told(subscription: &mut Subscription) -> Vec<String> {
        let first = subscription.first.drain(..);
        let mut told: Vec<Message> = first.collect();
        while let Ok(message) = subscription.queue.try_recv() {
            told.push(message);
        }
        told.iter().map(|message| format!("{} {}", message.event, message.data.get())).collect()
    }

    #[test]
    fn a_client_hears_of_its_topic_alone_from_where_it_began() {
        let (hub, topic, other) = (Hub::new("order"), Uuid::now_v7(), Uuid::now_v7());
        hub.changed(change(topic, 1));
        let mut client = hub.watch(topic, None).unwrap();
        hub.changed(change(other, 2));
        hub.changed(change(topic, 3));
        assert_eq!(told(&mut client), [r#"reset {"reason":"connected"}"#, "order 3"]);
    }

    #[test]
    fn a_client_that_comes_back_hears_what_it_missed_or_is_reset() {
        let (hub, topic, other) = (Hub::new("order"), Uuid::now_v7(), Uuid::now_v7());
        let client = hub.watch(topic, None).unwrap();
        let start = client.first[0].id;
        drop(client);
        for (of, number) in [(topic, 1), (other, 2), (topic, 3)] {
            hub.changed(change(of, number));
        }
        let mut resumed = hub.watch(topic, Some(start)).unwrap();
        assert_eq!(told(&mut resumed), [r#"resumed {"reason":"position-known"}"#, "order 1", "order 3"]);
        let future = Position { number: start.number + 9, ..start };
        let elsewhere = Position { epoch: start.epoch.wrapping_add(7), ..start };
        for unknown in [future, elsewhere] {
            let mut reset = hub.watch(topic, Some(unknown)).unwrap();
            assert_eq!(told(&mut reset), [r#"reset {"reason":"connected"}"#]);
        }
        hub.reset();
        let mut reset = hub.watch(topic, Some(start)).unwrap();
        assert_eq!(told(&mut reset), [r#"reset {"reason":"connected"}"#]);
    }

    #[test]
    fn what_is_forgotten_is_not_resumed() {
        let (hub, topic) = (Hub::new("order"), Uuid::now_v7());
        let start = hub.watch(topic, None).unwrap().first[0].id;
        let other = Uuid::now_v7();
        for number in 0..=REMEMBERED as u64 {
            hub.changed(change(other, number));
        }
        let mut client = hub.watch(topic, Some(start)).unwrap();
        assert_eq!(told(&mut client), [r#"reset {"reason":"connected"}"#]);
        let known = Position { number: start.number + 1, ..start };
        let mut client = hub.watch(topic, Some(known)).unwrap();
        assert_eq!(told(&mut client), [r#"resumed {"reason":"position-known"}"#]);
    }

    #[test]
    fn a_slow_client_is_let_go_and_nobody_else() {
        let (hub, topic) = (Hub::new("order"), Uuid::now_v7());
        let mut slow = hub.watch(topic, None).unwrap();
        let mut quick = hub.watch(topic, None).unwrap();
        for number in 0..=CLIENT_QUEUE as u64 {
            hub.changed(change(topic, number));
            quick.queue.try_recv().unwrap();
        }
        assert_eq!(told(&mut slow).len(), 1 + CLIENT_QUEUE);
        assert!(matches!(slow.queue.try_recv(), Err(mpsc::error::TryRecvError::Disconnected)));
        assert_eq!(slow.why_closed(), "too-slow");
        hub.changed(change(topic, 0));
        assert!(quick.queue.try_recv().is_ok());
        drop((slow, quick));
        assert_eq!(hub.state().count, 0);
        assert!(hub.state().watchers.is_empty());
    }
}

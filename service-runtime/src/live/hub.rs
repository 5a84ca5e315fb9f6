use std::collections::{HashMap, VecDeque};
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use messaging::broadcast::Audience;
use metrics::gauge;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tracing::warn;
use uuid::Uuid;

/// Messages that a client may be behind; one that is slower is let go. What comes at once, as when a user's orders are all
/// shipped in one step, is no reason: it has to fit.
pub(super) const CLIENT_QUEUE: usize = 1_000;
/// The last message to a client that is let go.
const CLOSE: &str = "close";
/// Changes that are remembered for clients that come back, of all topics together: a few megabytes at most.
const REMEMBERED: usize = 10_000;
/// For how long changes of a topic are remembered that nobody watches any more.
const REMEMBERED_FOR: Duration = Duration::from_secs(60);
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
    /// The latest changes of the known topics, and what they are of.
    recent: VecDeque<(Uuid, Message)>,
    /// The number of the latest change that is not in `recent` any more.
    forgotten: u64,
    /// Topics that clients watch, or watched a short while ago. Changes of others pass by.
    topics: HashMap<Uuid, Topic>,
    /// Topics that nobody watched at some time, the earliest first.
    abandoned: VecDeque<(Instant, Uuid)>,
    /// Watchers of all topics.
    count: usize,
    next_watcher: u64,
    is_closed: bool,
}

struct Topic {
    watchers: Vec<Watcher>,
    /// Later changes were not passed by.
    known_since: u64,
    /// When the last watcher left, if there is none.
    abandoned_at: Option<Instant>,
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

impl Message {
    /// Where the client is then. Nowhere that it can go on from if it is let go: it has missed what there was no room for.
    pub(super) fn position(&self) -> Option<Position> {
        (self.event != CLOSE).then_some(self.id)
    }
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
        state.forget_abandoned(Instant::now());
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
        let known_since = state.number;
        let watched = state.topics.entry(topic).or_insert(Topic {
            watchers: Vec::new(),
            known_since,
            abandoned_at: None,
        });
        watched.watchers.push(Watcher { id, queue: sender });
        watched.abandoned_at = None;
        state.count += 1;
        state.report();
        Some(Subscription { hub: self.clone(), topic, id, first, queue })
    }

    /// Lets all clients go, and takes no new ones.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.topics.clear();
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
    fn changed(&self, topic: Uuid, data: &dyn Display) {
        let mut state = self.state();
        state.number += 1;
        if !state.topics.contains_key(&topic) {
            return;
        }
        let Ok(data) = RawValue::from_string(data.to_string()) else {
            warn!(%topic, "live updates: a change is no JSON");
            return;
        };
        let message = state.message(self.event, Arc::from(data));
        state.tell(topic, &message);
        if state.recent.len() == REMEMBERED
            && let Some((_, oldest)) = state.recent.pop_front()
        {
            state.forgotten = oldest.id.number;
        }
        state.recent.push_back((topic, message));
    }

    fn reset(&self) {
        let mut state = self.state();
        state.epoch = state.epoch.wrapping_add(1);
        state.recent.clear();
        let message = state.message("reset", reason("may-have-missed"));
        let topics: Vec<Uuid> = state.topics.keys().copied().collect();
        topics.into_iter().for_each(|topic| state.tell(topic, &message));
    }
}

impl State {
    fn message(&self, event: &'static str, data: Arc<RawValue>) -> Message {
        Message { id: Position { epoch: self.epoch, number: self.number }, event, data }
    }

    /// Tells whoever watches `topic`. Who is too far behind is let go: its queue ends.
    fn tell(&mut self, topic: Uuid, message: &Message) {
        let gone = self.retain(topic, |watcher| watcher.queue.try_send(message.clone()).is_ok());
        metrics::counter!("live_slow_clients_total").increment(gone as u64);
    }

    /// Lets go those watchers of `topic` who are not to stay, and returns how many.
    fn retain(&mut self, topic: Uuid, stays: impl FnMut(&Watcher) -> bool) -> usize {
        let Some(watched) = self.topics.get_mut(&topic) else {
            return 0;
        };
        let before = watched.watchers.len();
        watched.watchers.retain(stays);
        let gone = before - watched.watchers.len();
        if gone > 0 {
            if watched.watchers.is_empty() {
                let now = Instant::now();
                watched.abandoned_at = Some(now);
                self.abandoned.push_back((now, topic));
            }
            self.count -= gone;
            self.report();
        }
        gone
    }

    fn forget_abandoned(&mut self, now: Instant) {
        while let Some((since, topic)) = self.abandoned.front().copied()
            && (now - since >= REMEMBERED_FOR || self.abandoned.len() > MAX_CLIENTS)
        {
            self.abandoned.pop_front();
            // Unless somebody came back.
            if self.topics.get(&topic).is_some_and(|watched| watched.abandoned_at == Some(since)) {
                self.topics.remove(&topic);
            }
        }
    }

    /// The changes of `topic` after `last`; `None` if some may be forgotten.
    fn since(&self, last: Position, topic: Uuid) -> Option<Vec<Message>> {
        let oldest = self.topics.get(&topic)?.known_since.max(self.forgotten);
        if last.epoch != self.epoch || !(oldest..=self.number).contains(&last.number) {
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
        self.hub.state().retain(self.topic, |watcher| watcher.id != self.id);
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
        self.hub.state().message(CLOSE, why)
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
        hub.changed(topic, &"1");
        let mut client = hub.watch(topic, None).unwrap();
        hub.changed(other, &"2");
        hub.changed(topic, &"3");
        assert_eq!(told(&mut client), [r#"reset {"reason":"connected"}"#, "order 3"]);
    }

    #[test]
    fn a_client_that_comes_back_hears_what_it_missed_or_is_reset() {
        let (hub, topic, other) = (Hub::new("order"), Uuid::now_v7(), Uuid::now_v7());
        let client = hub.watch(topic, None).unwrap();
        let start = client.first[0].id;
        drop(client);
        for (of, number) in [(topic, "1"), (other, "2"), (topic, "3")] {
            hub.changed(of, &number);
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
        let (hub, topic, other) = (Hub::new("order"), Uuid::now_v7(), Uuid::now_v7());
        let start = hub.watch(topic, None).unwrap().first[0].id;
        let _watcher = hub.watch(other, None).unwrap();
        for number in 0..=REMEMBERED as u64 {
            hub.changed(other, &number.to_string());
        }
        let mut client = hub.watch(topic, Some(start)).unwrap();
        assert_eq!(told(&mut client), [r#"reset {"reason":"connected"}"#]);
        let known = Position { number: start.number + 1, ..start };
        let mut client = hub.watch(topic, Some(known)).unwrap();
        assert_eq!(told(&mut client), [r#"resumed {"reason":"position-known"}"#]);
    }

    #[test]
    fn what_nobody_watches_is_not_remembered() {
        let (hub, topic, other) = (Hub::new("order"), Uuid::now_v7(), Uuid::now_v7());
        let start = hub.watch(other, None).unwrap().first[0].id;
        for number in 0..=REMEMBERED as u64 {
            hub.changed(topic, &number.to_string());
        }
        assert!(hub.state().recent.is_empty());
        let mut unknown = hub.watch(topic, Some(start)).unwrap();
        assert_eq!(told(&mut unknown), [r#"reset {"reason":"connected"}"#]);
        let mut known = hub.watch(other, Some(start)).unwrap();
        assert_eq!(told(&mut known), [r#"resumed {"reason":"position-known"}"#]);
    }

    #[test]
    fn topics_are_forgotten_a_while_after_their_last_client() {
        let (hub, topic, back) = (Hub::new("order"), Uuid::now_v7(), Uuid::now_v7());
        drop(hub.watch(topic, None).unwrap());
        drop(hub.watch(back, None).unwrap());
        let left = Instant::now();
        let _client = hub.watch(back, None).unwrap();
        hub.state().forget_abandoned(left);
        assert_eq!(hub.state().topics.len(), 2);
        hub.state().forget_abandoned(left + REMEMBERED_FOR);
        assert_eq!(hub.state().topics.keys().copied().collect::<Vec<_>>(), [back]);
        assert!(hub.state().abandoned.is_empty());
    }

    #[test]
    fn a_burst_costs_nobody_the_connection() {
        /// Steps of a delivery in one transaction.
        const BURST: u64 = 500;
        let (hub, topic) = (Hub::new("order"), Uuid::now_v7());
        let mut client = hub.watch(topic, None).unwrap();
        for number in 0..BURST {
            hub.changed(topic, &number.to_string());
        }
        assert_eq!(told(&mut client).len() as u64, 1 + BURST);
        hub.changed(topic, &"1");
        assert_eq!(told(&mut client), ["order 1"]);
    }

    #[test]
    fn a_slow_client_is_let_go_and_nobody_else() {
        let (hub, topic) = (Hub::new("order"), Uuid::now_v7());
        let mut slow = hub.watch(topic, None).unwrap();
        let mut quick = hub.watch(topic, None).unwrap();
        for number in 0..=CLIENT_QUEUE as u64 {
            hub.changed(topic, &number.to_string());
            quick.queue.try_recv().unwrap();
        }
        assert_eq!(told(&mut slow).len(), 1 + CLIENT_QUEUE);
        assert!(matches!(slow.queue.try_recv(), Err(mpsc::error::TryRecvError::Disconnected)));
        assert_eq!(slow.why_closed(), "too-slow");
        hub.changed(topic, &"0");
        assert!(quick.queue.try_recv().is_ok());
        drop((slow, quick));
        assert_eq!(hub.state().count, 0);
    }
}

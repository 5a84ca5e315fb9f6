//! Broadcast: what has changed, told to every process at once and without a promise, so that nobody waits for it.
//!
//! Nothing of it is stored, confirmed or sent again. Instead whoever listens learns when something may be missing, and
//! asks the source of truth. Each [`Speaker`] numbers its packets and says every second that it is there. A number that is
//! left out, a speaker that is silent for longer, and one that nobody knew mean that changes may have been committed that
//! were never told: also by a process that died right between the two.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, ExchangeKind};
use metrics::counter;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

use crate::broker::Session;
use crate::error::within;
use crate::{Backoff, Broker, Error};

/// Batches that may wait to be told; more are left out, and whoever listens is told that.
const QUEUE: usize = 256;
/// Changes in a packet, at most.
const MAX_PACKET: usize = 500;
/// How often a speaker says that it is there.
const PULSE: Duration = Duration::from_secs(1);
/// How long a speaker may be silent.
const SILENCE: Duration = Duration::from_secs(3);
/// An exchange with the broker.
const BROKER_LIMIT: Duration = Duration::from_secs(5);
/// Packets that the broker keeps for a listener that is slow; then it drops the oldest.
const MAX_QUEUED_PACKETS: i64 = 10_000;

/// Something that has changed, of interest to a topic.
#[derive(Debug, Serialize, Deserialize)]
pub struct Change {
    /// Whom it may interest.
    pub topic: Uuid,
    /// How it stands now.
    pub data: Box<RawValue>,
}

/// Who learns of changes.
pub trait Audience: Send + Sync + 'static {
    /// Something has changed; older changes may come after newer ones, and changes may come twice.
    fn changed(&self, change: Change);

    /// Changes may be missing. What is committed before this call need not be told; what is committed later is.
    fn reset(&self);
}

/// The end of the channel that changes are handed to. Cheap to clone.
#[derive(Clone)]
pub struct Voice {
    queue: mpsc::Sender<Vec<Change>>,
    /// Something was left out since the last packet.
    omitted: Arc<AtomicBool>,
}

/// Tells what it is handed. Run it on a task of its own.
pub struct Speaker {
    broker: Broker,
    channel: &'static str,
    queue: mpsc::Receiver<Vec<Change>>,
    omitted: Arc<AtomicBool>,
    id: Uuid,
    /// Of the last packet.
    number: u64,
}

/// Hears all speakers of a channel. Run it on a task of its own.
pub struct Listener<A> {
    /// Where the channel is.
    pub broker: Broker,
    /// The channel's name: an exchange.
    pub channel: &'static str,
    /// Who is to know.
    pub audience: A,
}

/// What goes over the wire. Its number is that of the latest packet with changes, this one if it has any.
#[derive(Serialize, Deserialize)]
struct Packet {
    speaker: Uuid,
    number: u64,
    changes: Vec<Change>,
}

/// A speaker of `channel`, and the voice that it speaks for.
pub fn speaker(broker: Broker, channel: &'static str) -> (Voice, Speaker) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let omitted = Arc::new(AtomicBool::new(false));
    let speaker = Speaker {
        broker,
        channel,
        queue: receiver,
        omitted: Arc::clone(&omitted),
        id: Uuid::now_v7(),
        number: 0,
    };
    (Voice { queue: sender, omitted }, speaker)
}

impl Change {
    /// `data` as JSON.
    ///
    /// # Panics
    /// If it can't be JSON: a map with keys that are no strings.
    pub fn new(topic: Uuid, data: &impl Serialize) -> Self {
        let data = serde_json::value::to_raw_value(data).expect("changes are plain data");
        Self { topic, data }
    }
}

impl Voice {
    /// Tells what has been committed. It never waits: what there is no room for is left out.
    pub fn tell(&self, changes: Vec<Change>) {
        if !changes.is_empty() && self.queue.try_send(changes).is_err() {
            self.omitted.store(true, Ordering::Relaxed);
            counter!("messaging_changes_untold_total").increment(1);
        }
    }

    /// Something may have been committed that nobody can tell: whoever listens is told to look.
    pub fn unsure(&self) {
        self.omitted.store(true, Ordering::Relaxed);
    }
}

impl Speaker {
    /// Speaks until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut backoff = Backoff::default();
        while !shutdown.is_cancelled() {
            if let Some(Err(error)) = shutdown.run_until_cancelled(self.session()).await {
                warn!(channel = self.channel, %error, "broadcast: speaker's session lost");
            }
            // What was under way may not have arrived, and what waits meanwhile is old when it could.
            self.number += 1;
            while self.queue.try_recv().is_ok() {}
            backoff.wait(&shutdown).await;
        }
    }

    async fn session(&mut self) -> Result<(), Error> {
        let session = open(&self.broker, "speaker", self.channel).await?;
        let mut pulse = interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut changes = tokio::select! {
                biased;
                Some(changes) = self.queue.recv() => changes,
                _ = pulse.tick() => Vec::new(),
            };
            while changes.len() < MAX_PACKET
                && let Ok(more) = self.queue.try_recv()
            {
                changes.extend(more);
            }
            self.number += u64::from(self.omitted.swap(false, Ordering::Relaxed));
            self.number += u64::from(!changes.is_empty());
            let packet = Packet { speaker: self.id, number: self.number, changes };
            let body = serde_json::to_vec(&packet).expect("changes are JSON");
            let options = BasicPublishOptions::default();
            let key = lapin::types::ShortString::default();
            let publish = session.channel.basic_publish(
                self.channel.into(),
                key,
                options,
                &body,
                BasicProperties::default(),
            );
            within(BROKER_LIMIT, "telling changes", publish).await?;
            session.check()?;
        }
    }
}

impl<A: Audience> Listener<A> {
    /// Listens until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut backoff = Backoff::default();
        while !shutdown.is_cancelled() {
            if let Some(Err(error)) = shutdown.run_until_cancelled(self.session()).await {
                warn!(channel = self.channel, %error, "broadcast: listener's session lost");
            }
            backoff.wait(&shutdown).await;
        }
    }

    async fn session(&self) -> Result<(), Error> {
        let session = open(&self.broker, "listener", self.channel).await?;
        let mut packets = self.subscribe(&session).await?;
        info!(channel = self.channel, "broadcast: listening");
        let begun = Instant::now();
        let mut speakers = Speakers::from(begun);
        // Whoever was told something before may have missed something since.
        self.audience.reset();
        let mut pulse = interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // A speaker that nobody has heard yet may have lost something since, or be gone: by now all are known who are not.
        let mut settled = pin!(sleep_until(begun + SILENCE));
        let mut is_settled = false;
        loop {
            tokio::select! {
                biased;
                () = settled.as_mut(), if !is_settled => {
                    is_settled = true;
                    self.audience.reset();
                }
                packet = packets.next() => {
                    let packet = packet.ok_or(Error::ConsumerEnded)??;
                    let Ok(Packet { speaker, number, changes }) = serde_json::from_slice(&packet.data) else {
                        warn!(channel = self.channel, "broadcast: a packet can't be read");
                        self.audience.reset();
                        continue;
                    };
                    let is_complete = speakers.heard(speaker, number, !changes.is_empty(), Instant::now());
                    changes.into_iter().for_each(|change| self.audience.changed(change));
                    if !is_complete {
                        self.reset(speaker);
                    }
                }
                _ = pulse.tick() => {
                    for silent in speakers.silent(Instant::now()) {
                        self.reset(silent);
                    }
                }
            }
        }
    }

    fn reset(&self, speaker: Uuid) {
        info!(channel = self.channel, %speaker, "broadcast: changes may be missing");
        counter!("messaging_broadcast_resets_total").increment(1);
        self.audience.reset();
    }

    /// A queue that is this session's own and ends with it.
    async fn subscribe(&self, session: &Session) -> Result<lapin::Consumer, Error> {
        let channel = &session.channel;
        // Brokers have stopped to name queues well in clusters, and some refuse transient queues that are not exclusive.
        let queue = format!("{}.{}", self.channel, Uuid::now_v7());
        let mut arguments = FieldTable::default();
        arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(MAX_QUEUED_PACKETS));
        within(BROKER_LIMIT, "subscribing to changes", async {
            let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
            channel.queue_declare(queue.as_str().into(), options, arguments).await?;
            let (key, none) = (lapin::types::ShortString::default(), FieldTable::default());
            let (queue, exchange) = (queue.as_str(), self.channel.into());
            channel
                .queue_bind(queue.into(), exchange, key.clone(), QueueBindOptions::default(), none)
                .await?;
            let options = BasicConsumeOptions { no_ack: true, exclusive: true, ..Default::default() };
            channel.basic_consume(queue.into(), key, options, FieldTable::default()).await
        })
        .await
    }
}

async fn open(broker: &Broker, role: &str, channel: &str) -> Result<Session, Error> {
    let session = broker.connect(role).await?;
    let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
    let declare = session.channel.exchange_declare(
        channel.into(),
        ExchangeKind::Fanout,
        durable,
        FieldTable::default(),
    );
    within(BROKER_LIMIT, "declaring a channel for changes", declare).await?;
    Ok(session)
}

/// Who speaks, as far as a session has heard.
struct Speakers {
    since: Instant,
    /// The number of the last packet, and when it came.
    known: HashMap<Uuid, (u64, Instant)>,
}

impl Speakers {
    fn from(since: Instant) -> Self {
        Self { since, known: HashMap::new() }
    }

    /// Whether nothing is missing before what this packet says.
    fn heard(&mut self, speaker: Uuid, number: u64, has_changes: bool, now: Instant) -> bool {
        let before = self.known.insert(speaker, (number, now)).map(|(number, _)| number);
        match before {
            Some(before) => number == before + u64::from(has_changes),
            // Whoever spoke before the session began is heard within a pulse; what it said before is not missing.
            None => now - self.since < SILENCE || number == u64::from(has_changes),
        }
    }

    /// Those who are silent for too long, and are forgotten.
    fn silent(&mut self, now: Instant) -> Vec<Uuid> {
        self.known.extract_if(|_, (_, heard)| now - *heard > SILENCE).map(|(speaker, _)| speaker).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_may_be_missing_is_noticed() {
        let [first, second, third] = [(); 3].map(|()| Uuid::now_v7());
        let start = Instant::now();
        let mut speakers = Speakers::from(start);
        assert!(speakers.heard(first, 7, true, start), "it spoke before the session began");
        assert!(speakers.heard(first, 7, false, start));
        assert!(speakers.heard(first, 8, true, start));
        assert!(!speakers.heard(first, 10, true, start), "9 is missing");
        assert!(!speakers.heard(first, 11, false, start), "11 is missing");

        let later = start + SILENCE;
        assert!(speakers.heard(second, 1, true, later));
        assert!(speakers.heard(first, 11, false, later));
        assert!(!speakers.heard(third, 2, true, later), "1 is missing");

        let last = later + SILENCE + PULSE;
        assert!(speakers.heard(second, 1, false, last));
        let silent = speakers.silent(last);
        assert!(silent.len() == 2 && silent.contains(&first) && silent.contains(&third));
        assert!(!speakers.heard(first, 11, false, last), "nobody knows what it said meanwhile");
    }
}

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

use super::packet::Packet;
use super::{BROKER_LIMIT, Member, PULSE};
use crate::broker::Session;
use crate::error::within;
use crate::{Backoff, Error};

/// How long a speaker may be silent.
const SILENCE: Duration = Duration::from_secs(3);
/// Who has heard no other process for so long takes itself to be alone: long enough for replicas to start together, and for
/// a machine to be slow.
const ALONE_AFTER: Duration = Duration::from_secs(10);
/// Packets that the broker keeps while they can't be sent to a listener; then it drops the oldest.
const MAX_QUEUED_PACKETS: i64 = 10_000;

/// Hears all other speakers of the channel. Run it on a task of its own.
pub struct Listener {
    pub(super) member: Arc<Member>,
}

impl Listener {
    /// Listens until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut backoff = Backoff::default();
        while !shutdown.is_cancelled() {
            if let Some(Err(error)) = shutdown.run_until_cancelled(self.session()).await {
                warn!(channel = self.member.channel, %error, "broadcast: listener's session lost");
            }
            self.member.is_alone.store(false, Ordering::Relaxed);
            backoff.wait(&shutdown).await;
        }
    }

    async fn session(&self) -> Result<(), Error> {
        let session = self.member.open("listener").await?;
        let mut packets = self.subscribe(&session).await?;
        info!(channel = self.member.channel, "broadcast: listening");
        let begun = Instant::now();
        let mut speakers = Speakers::from(begun);
        // Whoever was told something before may have missed something since.
        self.member.audience.reset();
        let mut pulse = interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // A speaker that nobody has heard yet may have lost something since, or be gone: by now all are known who are not.
        let mut settled = pin!(sleep_until(begun + SILENCE));
        let mut is_settled = false;
        let mut others_heard = begun;
        loop {
            tokio::select! {
                biased;
                () = settled.as_mut(), if !is_settled => {
                    is_settled = true;
                    self.member.audience.reset();
                }
                packet = packets.next() => {
                    let packet = packet.ok_or(Error::ConsumerEnded)??;
                    let Some(Packet { speaker, number, changes }) = Packet::read(&packet.data) else {
                        warn!(channel = self.member.channel, "broadcast: a packet can't be read");
                        self.member.audience.reset();
                        continue;
                    };
                    let is_complete = speakers.heard(speaker, number, !changes.is_empty(), Instant::now());
                    if speaker != self.member.id {
                        others_heard = Instant::now();
                        changes.iter().for_each(|(topic, data)| self.member.audience.changed(*topic, data));
                        if !is_complete {
                            self.member.missed(speaker);
                        }
                    }
                }
                _ = pulse.tick() => {
                    for speaker in speakers.silent(Instant::now()) {
                        if speaker == self.member.id {
                            // Whoever can't hear itself may not hear others either: its queue may be bound to nothing.
                            return Err(Error::Deadline { what: "hearing its own speaker", limit: SILENCE });
                        }
                        self.member.missed(speaker);
                    }
                }
            }
            // Before a process has heard itself it knows nothing of others.
            let is_alone = speakers.know(self.member.id) && others_heard.elapsed() > ALONE_AFTER;
            self.member.is_alone.store(is_alone, Ordering::Relaxed);
        }
    }

    /// A queue that is this session's own and ends with it.
    async fn subscribe(&self, session: &Session) -> Result<lapin::Consumer, Error> {
        let channel = &session.channel;
        // Named after the channel, for the console; exclusive, because newer brokers refuse other transient queues.
        let queue = format!("{}.{}", self.member.channel, Uuid::now_v7());
        let mut arguments = FieldTable::default();
        arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(MAX_QUEUED_PACKETS));
        within(BROKER_LIMIT, "subscribing to changes", async {
            let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
            channel.queue_declare(queue.as_str().into(), options, arguments).await?;
            let (key, none) = (lapin::types::ShortString::default(), FieldTable::default());
            let (queue, exchange) = (queue.as_str(), self.member.channel.into());
            channel
                .queue_bind(queue.into(), exchange, key.clone(), QueueBindOptions::default(), none)
                .await?;
            let options = BasicConsumeOptions { no_ack: true, exclusive: true, ..Default::default() };
            channel.basic_consume(queue.into(), key, options, FieldTable::default()).await
        })
        .await
    }
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

    /// Whether this one was heard a short while ago.
    fn know(&self, speaker: Uuid) -> bool {
        self.known.contains_key(&speaker)
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

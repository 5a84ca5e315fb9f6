use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lapin::BasicProperties;
use lapin::options::BasicPublishOptions;
use metrics::counter;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use uuid::Uuid;

use super::packet::{Changes, Packet};
use super::{BROKER_LIMIT, PULSE, open};
use crate::error::within;
use crate::{Backoff, Broker, Error};

/// Batches that may wait to be told; more are left out, and whoever listens is told that.
const QUEUE: usize = 64;
/// A pause before each packet: what is changed next joins it, and the messages that somebody's order waits for go first.
const LINGER: Duration = Duration::from_millis(5);
/// Changes in a packet beyond which no further batch joins it.
const MAX_PACKET: usize = 500;

/// The end of the channel that changes are handed to. Cheap to clone.
#[derive(Clone)]
pub struct Voice {
    queue: mpsc::Sender<Changes>,
    /// Something was left out since the last packet.
    omitted: Arc<AtomicBool>,
}

/// Tells what it is handed. Run it on a task of its own.
pub struct Speaker {
    broker: Broker,
    channel: &'static str,
    queue: mpsc::Receiver<Changes>,
    omitted: Arc<AtomicBool>,
    id: Uuid,
    /// Of the last packet that held or omitted changes.
    number: u64,
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

impl Voice {
    /// Tells what has been committed: the topic that may find it of interest, and how it stands now. It never waits: what
    /// there is no room for is left out.
    ///
    /// # Panics
    /// If data can't be JSON: a map with keys that are no strings.
    pub fn tell<T: Serialize>(&self, changes: impl IntoIterator<Item = (Uuid, T)>) {
        let changes: Changes = changes.into_iter().collect();
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
                _ = pulse.tick() => Changes::default(),
            };
            if !changes.is_empty() {
                sleep(LINGER).await;
            }
            while changes.len() < MAX_PACKET
                && let Ok(more) = self.queue.try_recv()
            {
                changes.append(more);
            }
            self.number += u64::from(self.omitted.swap(false, Ordering::Relaxed));
            self.number += u64::from(!changes.is_empty());
            let body = Packet::write(self.id, self.number, &changes);
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

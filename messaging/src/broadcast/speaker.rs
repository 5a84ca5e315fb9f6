use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lapin::BasicProperties;
use lapin::options::BasicPublishOptions;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::packet::{Changes, Packet};
use super::{BROKER_LIMIT, Member, PULSE};
use crate::error::within;
use crate::{Backoff, Error};

/// A pause before each packet: what is changed next joins it, and the messages that somebody's order waits for go first.
const LINGER: Duration = Duration::from_millis(5);
/// How long a commit that nobody has seen succeed may still be under way: longer than the services' limit for a statement.
const UNDECIDED: Duration = Duration::from_secs(6);
/// Changes in a packet beyond which no further batch joins it.
const MAX_PACKET: usize = 500;

/// Tells others what the voice is handed. Run it on a task of its own.
pub struct Speaker {
    pub(super) member: Arc<Member>,
    pub(super) queue: mpsc::Receiver<Changes>,
    /// Of the last packet that held or omitted changes.
    pub(super) number: u64,
    /// When what was unsure last has been decided.
    pub(super) look_again: Option<Instant>,
}

impl Speaker {
    /// Speaks until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut backoff = Backoff::default();
        while !shutdown.is_cancelled() {
            if let Some(Err(error)) = shutdown.run_until_cancelled(self.session()).await {
                warn!(channel = self.member.channel, %error, "broadcast: speaker's session lost");
            }
            // What was under way may not have arrived, and what waits meanwhile is old when it could.
            self.number += 1;
            self.look();
            while self.queue.try_recv().is_ok() {}
            backoff.wait(&shutdown).await;
        }
    }

    async fn session(&mut self) -> Result<(), Error> {
        let session = self.member.open("speaker").await?;
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
            let is_omission = self.look() | self.member.has_omitted.swap(false, Ordering::Relaxed);
            self.number += u64::from(is_omission);
            self.number += u64::from(!changes.is_empty());
            let body = Packet::write(self.member.id, self.number, &changes);
            let options = BasicPublishOptions::default();
            let key = lapin::types::ShortString::default();
            let publish = session.channel.basic_publish(
                self.member.channel.into(),
                key,
                options,
                &body,
                BasicProperties::default(),
            );
            within(BROKER_LIMIT, "telling changes", publish).await?;
            session.check()?;
        }
    }

    /// If something may have been committed that nobody was told, the process's own clients are told to look; and once more
    /// when it must have been. Whether others have to be told as well.
    fn look(&mut self) -> bool {
        let now = Instant::now();
        let is_unsure = self.member.is_unsure.swap(false, Ordering::Relaxed);
        let is_decided = self.look_again.take_if(|at| *at <= now).is_some();
        if is_unsure {
            self.look_again = Some(now + UNDECIDED);
        }
        if is_unsure || is_decided {
            self.member.missed(self.member.id);
        }
        is_unsure || is_decided
    }
}

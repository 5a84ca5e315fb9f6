//! Broadcast: what has changed, told to every process at once and without a promise, so that nobody waits for it.
//!
//! Nothing of it is stored, confirmed or sent again. Instead whoever listens learns when something may be missing, and
//! asks the source of truth. Each [`Speaker`] numbers its packets and says every second that it is there. A number that is
//! left out, a speaker that is silent for longer, and one that nobody knew mean that changes may have been committed that
//! were never told: also by a process that died right between the two.
//!
//! A process tells itself directly. Others are told over the broker while there are any: one that has heard nobody else for
//! a while leaves its changes out, and who comes learns by their number that it did.

mod listener;
mod packet;
mod speaker;
mod voice;

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lapin::ExchangeKind;
use lapin::options::ExchangeDeclareOptions;
use lapin::types::FieldTable;
use metrics::counter;
use tokio::sync::mpsc;
use tracing::info;
use uuid::Uuid;

pub use self::listener::Listener;
pub use self::speaker::Speaker;
pub use self::voice::Voice;
use crate::broker::Session;
use crate::error::within;
use crate::{Broker, Error};

/// How often a speaker says that it is there.
const PULSE: Duration = Duration::from_secs(1);
/// An exchange with the broker.
const BROKER_LIMIT: Duration = Duration::from_secs(5);
/// Batches that may wait to be told; more are left out, and whoever listens is told that.
const QUEUE: usize = 64;

/// Who learns of changes.
pub trait Audience: Send + Sync + 'static {
    /// Something of interest to `topic` has changed; `data`, which is JSON, says how it stands now. Older changes may come
    /// after newer ones, and changes may come twice.
    fn changed(&self, topic: Uuid, data: &dyn Display);

    /// Changes may be missing. What is committed before this call need not be told; what is committed later is.
    fn reset(&self);
}

/// A process's part in a channel.
struct Member {
    broker: Broker,
    /// The channel's name: an exchange.
    channel: &'static str,
    audience: Box<dyn Audience>,
    /// Its name in packets.
    id: Uuid,
    /// No other process is there.
    is_alone: AtomicBool,
    /// Others were not told something since the last packet.
    has_omitted: AtomicBool,
    /// Something may have been committed since then that nobody was told.
    is_unsure: AtomicBool,
}

/// Joins the channel, an exchange of that name. `audience` learns of what the voice tells, and of what other processes tell
/// while the listener runs; they learn of it while the speaker runs.
pub fn join(broker: Broker, channel: &'static str, audience: impl Audience) -> (Voice, Speaker, Listener) {
    let member = Arc::new(Member {
        broker,
        channel,
        audience: Box::new(audience),
        id: Uuid::now_v7(),
        is_alone: AtomicBool::new(false),
        has_omitted: AtomicBool::new(false),
        is_unsure: AtomicBool::new(false),
    });
    let (sender, receiver) = mpsc::channel(QUEUE);
    let voice = Voice { member: Arc::clone(&member), queue: sender };
    let speaker = Speaker { member: Arc::clone(&member), queue: receiver, number: 0, look_again: None };
    (voice, speaker, Listener { member })
}

impl Member {
    /// A session with the channel declared.
    async fn open(&self, role: &str) -> Result<Session, Error> {
        let session = self.broker.connect(role).await?;
        let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
        let declare = session.channel.exchange_declare(
            self.channel.into(),
            ExchangeKind::Fanout,
            durable,
            FieldTable::default(),
        );
        within(BROKER_LIMIT, "declaring a channel for changes", declare).await?;
        Ok(session)
    }

    /// Something that the speaker should have told may be missing.
    fn missed(&self, speaker: Uuid) {
        info!(channel = self.channel, %speaker, "broadcast: changes may be missing");
        counter!("messaging_broadcast_resets_total").increment(1);
        self.audience.reset();
    }

    fn omit(&self) {
        self.has_omitted.store(true, Ordering::Relaxed);
    }
}

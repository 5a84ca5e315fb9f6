//! Broadcast: what has changed, told to every process at once and without a promise, so that nobody waits for it.
//!
//! Nothing of it is stored, confirmed or sent again. Instead whoever listens learns when something may be missing, and
//! asks the source of truth. Each [`Speaker`] numbers its packets and says every second that it is there. A number that is
//! left out, a speaker that is silent for longer, and one that nobody knew mean that changes may have been committed that
//! were never told: also by a process that died right between the two.

mod listener;
mod packet;
mod speaker;

use std::time::Duration;

use lapin::ExchangeKind;
use lapin::options::ExchangeDeclareOptions;
use lapin::types::FieldTable;
use uuid::Uuid;

pub use self::listener::Listener;
pub use self::speaker::{Speaker, Voice, speaker};
use crate::broker::Session;
use crate::error::within;
use crate::{Broker, Error};

/// How often a speaker says that it is there.
const PULSE: Duration = Duration::from_secs(1);
/// An exchange with the broker.
const BROKER_LIMIT: Duration = Duration::from_secs(5);

/// Who learns of changes.
pub trait Audience: Send + Sync + 'static {
    /// Something of interest to `topic` has changed; `data`, in JSON, says how it stands now. Older changes may come after
    /// newer ones, and changes may come twice.
    fn changed(&self, topic: Uuid, data: &str);

    /// Changes may be missing. What is committed before this call need not be told; what is committed later is.
    fn reset(&self);
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

//! Messages that no service has sent just then: real events again, some minutes late and shuffled, and poison.

mod poison;
mod repeats;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stack::Addresses;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

use self::repeats::Known;
use super::history::Outcome;
use super::lines::Lines;
use super::timeline::Timeline;
use crate::{Broker, Database};

pub(crate) use self::poison::nonce_in;

/// How often events are repeated.
const REPEAT_EVERY: Duration = Duration::from_secs(3);
/// How often there is poison.
const POISON_EVERY: Duration = Duration::from_millis(1_500);

/// A poisonous message, as it is noted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Injected {
    /// Found again in its dead letter.
    pub(crate) nonce: Uuid,
    pub(crate) kind: String,
    /// When publishing began and ended, in milliseconds since the run's start.
    pub(crate) began_ms: u64,
    pub(crate) ended_ms: u64,
    /// `Ok` is in a queue for good; `Refused` is in none.
    pub(crate) outcome: Outcome,
}

/// Whoever publishes them.
pub(crate) struct Messages {
    stop: Arc<AtomicBool>,
    counts: Arc<Counts>,
    injected: Arc<Lines>,
    tasks: [JoinHandle<()>; 2],
}

/// How much was published for certain.
#[derive(Default)]
struct Counts {
    repeated_events: AtomicU64,
    poison: AtomicU64,
}

/// What both tasks need.
struct Publisher {
    random: fastrand::Rng,
    orders_database: String,
    broker: Broker,
    timeline: Arc<Timeline>,
    stop: Arc<AtomicBool>,
    counts: Arc<Counts>,
    injected: Arc<Lines>,
}

impl Messages {
    pub(crate) fn start(addresses: &Addresses, seed: u64, file: &Path, timeline: &Arc<Timeline>) -> Self {
        let (stop, counts) = (Arc::default(), Arc::default());
        let injected = Arc::new(Lines::create(file));
        let publisher = |salt: u64| Publisher {
            random: fastrand::Rng::with_seed(seed ^ salt),
            orders_database: addresses.orders_database.clone(),
            broker: Broker::of(addresses),
            timeline: Arc::clone(timeline),
            stop: Arc::clone(&stop),
            counts: Arc::clone(&counts),
            injected: Arc::clone(&injected),
        };
        let repeats = tokio::spawn(publisher(0x5EED_0001).repeat());
        let poison = tokio::spawn(publisher(0x5EED_0002).poison());
        Self { stop, counts, injected, tasks: [repeats, poison] }
    }

    /// Events published again, and poisonous messages.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let Counts { repeated_events, poison } = &*self.counts;
        (repeated_events.load(Ordering::Relaxed), poison.load(Ordering::Relaxed))
    }

    pub(crate) async fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for task in &mut self.tasks {
            task.await.expect("a publisher");
        }
        self.injected.flush();
    }
}

impl Publisher {
    async fn repeat(mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            sleep(REPEAT_EVERY).await;
            let Some(database) = self.database().await else { continue };
            let Some(known) = repeats::some_of_the_past(&database, &mut self.random).await else { continue };
            for (message, events) in repeats::messages(&known, &mut self.random) {
                if self.broker.try_publish(&message).await == Ok(true) {
                    self.counts.repeated_events.fetch_add(events as u64, Ordering::Relaxed);
                }
            }
        }
    }

    async fn poison(mut self) {
        let mut turn = self.random.usize(..poison::KINDS.len());
        while !self.stop.load(Ordering::Relaxed) {
            sleep(POISON_EVERY).await;
            let Some(database) = self.database().await else { continue };
            let Some(known) = repeats::final_order(&database, &mut self.random).await else { continue };
            turn += 1;
            self.inject(turn, &known).await;
        }
    }

    async fn inject(&mut self, turn: usize, known: &Known) {
        let nonce = uuid::Builder::from_random_bytes(self.random.u128(..).to_be_bytes()).into_uuid();
        let (kind, message) = poison::brew(turn, known, nonce, &mut self.random);
        let began_ms = self.timeline.now_ms();
        let outcome = match self.broker.try_publish(&message).await {
            Ok(true) => Outcome::Ok,
            Ok(false) => Outcome::Refused,
            Err(_) => Outcome::Unknown,
        };
        if outcome == Outcome::Ok {
            self.counts.poison.fetch_add(1, Ordering::Relaxed);
        }
        let ended_ms = self.timeline.now_ms();
        self.injected.write(&Injected { nonce, kind: kind.into(), began_ms, ended_ms, outcome });
    }

    /// Nothing while the database is away.
    async fn database(&self) -> Option<Database> {
        let connecting = Database::try_connect(&self.orders_database);
        tokio::time::timeout(Duration::from_secs(2), connecting).await.ok()?.ok()
    }
}

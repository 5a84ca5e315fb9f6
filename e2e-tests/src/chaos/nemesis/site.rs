//! What the faults are done to, and where they are noted.

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use stack::{Part, Result, System};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use super::broker::Queues;
use super::crash_points::CrashPoints;
use super::services::{Service, Target};
use crate::Database;
use crate::chaos::timeline::{Happening, Timeline};

/// A database of this machine that takes longer is away.
const DATABASE_LIMIT: Duration = Duration::from_secs(2);

/// How often a service is waited for, each time as long as a healthy start may take: without a server that is away it is
/// not ready, and on a busy machine a server may be away for a minute.
const READY_TRIES: usize = 4;

/// A system and its history of faults.
pub(super) struct Site<'a> {
    system: &'a System,
    timeline: &'a Timeline,
    crash_points: Mutex<CrashPoints>,
    /// Held by who does anything to a server that all share, so that at most one of them is down.
    pub(super) servers: AsyncMutex<Queues>,
}

impl<'a> Site<'a> {
    pub(super) fn new(system: &'a System, timeline: &'a Timeline, rng: &mut Rng) -> Self {
        let crash_points = Mutex::new(CrashPoints::shuffled(rng));
        let servers = AsyncMutex::new(Queues::of(system.addresses()));
        Self { system, timeline, crash_points, servers }
    }

    pub(super) fn system(&self) -> &'a System {
        self.system
    }

    pub(super) fn part(&self, target: Target) -> &Part {
        match target.service {
            Service::Orders => self.system.orders(target.number),
            Service::Payments => self.system.payments(target.number),
        }
    }

    /// How many processes each service has, as [`Service::ALL`] is ordered.
    pub(super) fn replicas(&self) -> [usize; 2] {
        let addresses = self.system.addresses();
        [addresses.orders.len(), addresses.payments.len()]
    }

    pub(super) fn crash_points(&self) -> MutexGuard<'_, CrashPoints> {
        self.crash_points.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection of our own to a service's database, if that answers.
    pub(super) async fn database(&self, service: Service) -> Option<Database> {
        let addresses = self.system.addresses();
        let url = match service {
            Service::Orders => &addresses.orders_database,
            Service::Payments => &addresses.payments_database,
        };
        tokio::time::timeout(DATABASE_LIMIT, Database::try_connect(url)).await.ok()?.ok()
    }

    /// Starts a service, unless it runs, and waits until it does its work.
    pub(super) async fn bring_up(&self, target: Target) -> Result<()> {
        let part = self.part(target);
        part.launch()?;
        let mut ready = part.wait_ready().await;
        for _ in 1..READY_TRIES {
            if ready.is_ok() || part.process().is_none() {
                break;
            }
            ready = part.wait_ready().await;
        }
        ready
    }

    /// When a fault begins: what [`Self::note`] asks for.
    pub(super) fn now_ms(&self) -> u64 {
        self.timeline.now_ms()
    }

    /// Notes a fault that is over now.
    pub(super) fn note(&self, fault: &'static str, target: impl Display, began_ms: u64, took_effect: bool) {
        let (ended_ms, target) = (self.now_ms(), target.to_string());
        let seconds = |ms: u64| ms as f64 / 1000.0;
        println!(
            "{:>7.1} s  {fault} {target}, for {:.1} s{}",
            seconds(began_ms),
            seconds(ended_ms - began_ms),
            if took_effect { "" } else { ", without effect" },
        );
        self.timeline.record(Happening { fault, target, began_ms, ended_ms, took_effect });
    }
}

/// Asks again and again until something holds; says whether it did before `patience` was over.
pub(super) async fn until(patience: Duration, mut holds: impl AsyncFnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !holds().await {
        if Instant::now() > deadline {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    true
}

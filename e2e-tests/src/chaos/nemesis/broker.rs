//! The broker killed, restarted, wiped and short of memory; its queues unbound and deleted.

use std::fmt;
use std::time::Duration;

use stack::{Addresses, Error, Result};
use tokio::time::{Instant, sleep, sleep_until};

use super::site::{Site, until};
use crate::{Broker, events};

/// How old queues must be before the broker is killed. RabbitMQ 3.10 does not find a quorum queue again if it is killed
/// before it has written down where that is, within about a second; the rest is for slow disks. What it has written cannot
/// be asked for: of a queue that was deleted and declared again, it may hold the older one's place.
const LEAST_AGE: Duration = Duration::from_secs(15);

/// How long services may take to see that something is gone from the broker, and to declare it again.
const DECLARE_PATIENCE: Duration = Duration::from_secs(120);

/// A queue of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queue {
    Requests,
    Results,
}

/// The broker's queues, and since when they are there.
pub(super) struct Queues {
    broker: Broker,
    declared: Instant,
}

impl Queue {
    pub(super) const ALL: [Self; 2] = [Self::Requests, Self::Results];

    fn name(self) -> &'static str {
        match self {
            Self::Requests => events::REQUESTS,
            Self::Results => events::RESULTS,
        }
    }

    /// The routing key that leads to it.
    fn key(self) -> &'static str {
        match self {
            Self::Requests => events::REQUESTS_KEY,
            Self::Results => events::RESULTS_KEY,
        }
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Queues {
    /// Those of a system that has just been started.
    pub(super) fn of(addresses: &Addresses) -> Self {
        Self { broker: Broker::of(addresses), declared: Instant::now() }
    }

    /// Takes a message away, and says whether there was one.
    pub(super) async fn take_one(&self, queue: Queue) -> bool {
        self.broker.try_take(queue.name(), 1, 1).await.is_ok_and(|taken| !taken.is_empty())
    }

    /// Waits until every queue is there and bound.
    async fn until_declared(&mut self) -> Result<()> {
        for queue in Queue::ALL {
            let is_bound =
                async || self.broker.try_is_bound(queue.name(), queue.key()).await.unwrap_or(false);
            if !until(DECLARE_PATIENCE, is_bound).await {
                let seconds = DECLARE_PATIENCE.as_secs();
                return Err(Error::Setup(format!("nobody has declared and bound {queue} for {seconds} s")));
            }
        }
        self.declared = Instant::now();
        Ok(())
    }
}

/// SIGKILL.
pub(super) async fn kill(site: &Site<'_>, down: Duration) -> Result<()> {
    let queues = site.servers.lock().await;
    sleep_until(queues.declared + LEAST_AGE).await;
    let began_ms = site.now_ms();
    let broker = site.system().servers().rabbitmq();
    broker.kill();
    sleep(down).await;
    broker.start().await?;
    site.note("broker-kill", "rabbitmq", began_ms, true);
    Ok(())
}

/// SIGTERM and a new start.
pub(super) async fn restart(site: &Site<'_>) -> Result<()> {
    let _queues = site.servers.lock().await;
    let began_ms = site.now_ms();
    let broker = site.system().servers().rabbitmq();
    // If it takes too long, on a busy machine, it is killed.
    let is_orderly = broker.terminate().await.is_ok();
    broker.start().await?;
    site.note("broker-restart", "rabbitmq", began_ms, is_orderly);
    Ok(())
}

/// SIGKILL, and a new start with an empty disk.
pub(super) async fn wipe(site: &Site<'_>) -> Result<()> {
    let mut queues = site.servers.lock().await;
    let began_ms = site.now_ms();
    site.system().servers().wipe_rabbitmq().await?;
    queues.until_declared().await?;
    site.note("broker-wipe", "rabbitmq", began_ms, true);
    Ok(())
}

/// The broker blocks who publishes.
pub(super) async fn alarm(site: &Site<'_>, hold: Duration) -> Result<()> {
    let _queues = site.servers.lock().await;
    let began_ms = site.now_ms();
    let servers = site.system().servers();
    servers.raise_memory_alarm().await?;
    sleep(hold).await;
    servers.clear_memory_alarm().await?;
    site.note("memory-alarm", "rabbitmq", began_ms, true);
    Ok(())
}

/// What is published returns, until somebody binds the queue again.
pub(super) async fn unbind(site: &Site<'_>, queue: Queue) -> Result<()> {
    let mut queues = site.servers.lock().await;
    let began_ms = site.now_ms();
    let is_unbound = queues.broker.try_unbind(queue.name(), queue.key()).await.is_ok();
    queues.until_declared().await?;
    site.note("unbind", queue, began_ms, is_unbound);
    Ok(())
}

/// A queue is gone with everything in it.
pub(super) async fn delete_queue(site: &Site<'_>, queue: Queue) -> Result<()> {
    let mut queues = site.servers.lock().await;
    delete(site, &mut queues, queue, async || Ok(())).await
}

/// Deletes a queue, does something, and waits until it is there again.
pub(super) async fn delete(
    site: &Site<'_>,
    queues: &mut Queues,
    queue: Queue,
    meanwhile: impl AsyncFnOnce() -> Result<()>,
) -> Result<()> {
    let began_ms = site.now_ms();
    let is_deleted = queues.broker.try_delete(queue.name()).await.is_ok();
    meanwhile().await?;
    queues.until_declared().await?;
    site.note("queue-deleted", queue, began_ms, is_deleted);
    Ok(())
}

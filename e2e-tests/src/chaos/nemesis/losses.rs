//! Messages lost for certain: they pile up in a queue that nobody takes from, and then it is gone.

use std::time::Duration;

use stack::Result;
use tokio::time::sleep;

use super::broker::{self, Queue, Queues};
use super::services::{Service, Target, of};
use super::site::{Site, until};

/// How long a queue may stay empty that messages are to pile up in. Whoever sends may have to connect again first.
const FILL_PATIENCE: Duration = Duration::from_secs(15);

/// Messages pile up in `queue` for so long, and are lost. Only the sweep heals that.
pub(super) async fn lose(site: &Site<'_>, queue: Queue, pile_up: Duration) -> Result<()> {
    let mut queues = site.servers.lock().await;
    let began_ms = site.now_ms();
    let (is_filled, killed) = match queue {
        Queue::Requests => (lose_requests(site, &mut queues, pile_up).await?, [Service::Payments].as_slice()),
        Queue::Results => (lose_results(site, &mut queues, pile_up).await?, Service::ALL.as_slice()),
    };
    for target in Target::all(site.replicas()).filter(|target| killed.contains(&target.service)) {
        site.bring_up(target).await?;
        site.note("kill", target, began_ms, true);
    }
    site.note("messages-lost", queue, began_ms, is_filled);
    Ok(())
}

/// Requests are lost before anybody has seen them. Payments-service is killed for that: if it were halted, it would
/// handle what has been delivered to it already. It is started again while they are lost.
pub(super) async fn lose_requests(site: &Site<'_>, queues: &mut Queues, pile_up: Duration) -> Result<bool> {
    kill_all(site, Service::Payments);
    let is_filled = fill(queues, Queue::Requests, pile_up).await;
    broker::delete(site, queues, Queue::Requests, async || launch_all(site, Service::Payments)).await?;
    Ok(is_filled)
}

/// Decisions are made that orders-service never hears of: it is away until their results are lost.
async fn lose_results(site: &Site<'_>, queues: &mut Queues, pile_up: Duration) -> Result<bool> {
    kill_all(site, Service::Payments);
    fill(queues, Queue::Requests, pile_up).await;
    kill_all(site, Service::Orders);
    launch_all(site, Service::Payments)?;
    for target in of(site, Service::Payments) {
        site.bring_up(target).await?;
    }
    let is_filled = fill(queues, Queue::Results, pile_up).await;
    broker::delete(site, queues, Queue::Results, async || launch_all(site, Service::Orders)).await?;
    Ok(is_filled)
}

/// Waits until there is something in a queue, and lets more of it come for a while; says whether there was anything. The
/// broker's counts are seconds old: what is there is seen by taking it away, and lost already.
async fn fill(queues: &Queues, queue: Queue, pile_up: Duration) -> bool {
    let is_filled = until(FILL_PATIENCE, async || queues.take_one(queue).await).await;
    sleep(pile_up).await;
    is_filled
}

fn kill_all(site: &Site<'_>, service: Service) {
    of(site, service).for_each(|target| site.part(target).kill());
}

fn launch_all(site: &Site<'_>, service: Service) -> Result<()> {
    of(site, service).try_for_each(|target| site.part(target).launch())
}

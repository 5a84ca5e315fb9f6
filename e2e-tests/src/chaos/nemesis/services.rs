//! Services killed, halted, restarted, and ended by themselves at named points.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use futures_util::future::try_join_all;
use stack::{Error, Result};
use tokio::time::sleep;

use super::crash_points;
use super::losses::lose_requests;
use super::site::Site;

/// Tells a service where to end itself, as `<point>:<at which passing>`.
pub(super) const CRASH_AT: &str = "FAULT_CRASH_AT";

/// What a process that has ended itself was ended by.
const SIGABRT: i32 = 6;

/// How long a process may take to start and come by a crash point. The broker may be away for some of it.
const CRASH_PATIENCE: Duration = Duration::from_secs(15);

/// The same for a point of the sweep, which waits for orders to be old enough.
const SWEEP_PATIENCE: Duration = Duration::from_secs(25);

/// One of the two services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Orders,
    Payments,
}

/// A process of a service, whichever runs as that replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) service: Service,
    pub(super) number: usize,
}

impl Service {
    pub(super) const ALL: [Self; 2] = [Self::Orders, Self::Payments];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Payments => "payments",
        }
    }
}

impl Target {
    /// Every replica of each service.
    pub(super) fn all(replicas: [usize; 2]) -> impl Iterator<Item = Self> {
        let of = |(service, count)| (0..count).map(move |number| Self { service, number });
        Service::ALL.into_iter().zip(replicas).flat_map(of)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.service.name(), self.number)
    }
}

/// SIGKILL, of all of them at the same moment.
pub(super) async fn kill(site: &Site<'_>, victims: &[Target], down: Duration) -> Result<()> {
    let began_ms = site.now_ms();
    for victim in victims {
        site.part(*victim).kill();
    }
    sleep(down).await;
    try_join_all(victims.iter().map(async |victim| {
        site.bring_up(*victim).await?;
        site.note("kill", victim, began_ms, true);
        Ok(())
    }))
    .await?;
    Ok(())
}

/// SIGSTOP, and after a while SIGCONT: the process is there, and others take it for dead.
pub(super) async fn pause(site: &Site<'_>, victim: Target, halted: Duration) -> Result<()> {
    let began_ms = site.now_ms();
    site.part(victim).pause()?;
    sleep(halted).await;
    site.part(victim).resume()?;
    site.bring_up(victim).await?;
    site.note("pause", victim, began_ms, true);
    Ok(())
}

/// SIGTERM and a new start, one after another, as an update of the services does it.
pub(super) async fn rolling_restart(site: &Site<'_>) -> Result<()> {
    let began_ms = site.now_ms();
    let mut is_orderly = true;
    for target in Target::all(site.replicas()) {
        // One that takes too long, on a busy machine, is killed.
        is_orderly &= site.part(target).terminate().await.is_ok();
        site.bring_up(target).await?;
    }
    site.note("rolling-restart", "all services", began_ms, is_orderly);
    Ok(())
}

/// One process of each service ends itself at the point that was hit least.
pub(super) async fn crash(site: &Site<'_>, numbers: [usize; 2], passes: [u32; 2]) -> Result<()> {
    let crashes = Service::ALL.into_iter().zip(numbers).zip(passes);
    try_join_all(crashes.map(async |((service, number), passes)| {
        let point = site.crash_points().next(service, false);
        let target = Target { service, number };
        if crash_points::is_of_one(point) {
            crash_alone(site, target, point, CRASH_PATIENCE).await
        } else {
            crash_at(site, target, point, passes, CRASH_PATIENCE).await
        }
    }))
    .await?;
    Ok(())
}

/// Orders whose requests are lost become due for the sweep, and it is ended in the midst of it. No other replica is there
/// to sweep in its place.
pub(super) async fn sweep_crash(site: &Site<'_>, number: usize, pile_up: Duration) -> Result<()> {
    let mut queues = site.servers.lock().await;
    let began_ms = site.now_ms();
    lose_requests(site, &mut queues, pile_up).await?;

    let point = site.crash_points().next(Service::Orders, true);
    crash_alone(site, Target { service: Service::Orders, number }, point, SWEEP_PATIENCE).await?;
    for target in of(site, Service::Payments) {
        site.bring_up(target).await?;
        site.note("kill", target, began_ms, true);
    }
    Ok(())
}

/// A process ends itself at a point that one replica comes by in the place of all: the others are away.
async fn crash_alone(site: &Site<'_>, target: Target, point: &'static str, patience: Duration) -> Result<()> {
    let began_ms = site.now_ms();
    let others = || of(site, target.service).filter(|other| *other != target);
    others().for_each(|other| site.part(other).kill());
    crash_at(site, target, point, 1, patience).await?;
    for other in others() {
        site.bring_up(other).await?;
        site.note("kill", other, began_ms, true);
    }
    Ok(())
}

/// Every replica of a service.
pub(super) fn of(site: &Site<'_>, service: Service) -> impl Iterator<Item = Target> {
    Target::all(site.replicas()).filter(move |target| target.service == service)
}

/// Kills a process and starts it so that it ends itself at `point`; afterwards it runs as before.
async fn crash_at(
    site: &Site<'_>,
    target: Target,
    point: &'static str,
    passes: u32,
    patience: Duration,
) -> Result<()> {
    let part = site.part(target);
    let began_ms = site.now_ms();
    part.kill();
    part.set_environment(CRASH_AT, Some(&format!("{point}:{passes}")));
    part.launch()?;
    let ended = part.ends_within(patience).await;
    part.kill();
    part.set_environment(CRASH_AT, None);
    site.bring_up(target).await?;
    site.note("kill", target, began_ms, true);

    let is_hit = match ended {
        Some(status) if status.signal() == Some(SIGABRT) => true,
        None => false,
        Some(status) => {
            return Err(Error::Part {
                part: target.to_string(),
                what: format!("was to end itself at {point} and has ended otherwise ({status})"),
                log: format!("its log is {}", part.log().display()),
            });
        }
    };
    if is_hit {
        site.crash_points().hit(target.service, point);
    }
    site.note("crash-point", format_args!("{point} @ {target}"), began_ms, is_hit);
    Ok(())
}

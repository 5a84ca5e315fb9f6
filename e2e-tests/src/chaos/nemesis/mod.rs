//! Injects faults.
//!
//! Three hands work at once, each with a deck of its own that is drawn from the seed: one on the servers that all share
//! (so that never more than one of them is down), one on the services, one on the lines between them. A deck holds every
//! kind of fault at least once; when it is used up, the next one is drawn. What is in the decks, and in which order, is a
//! function of the seed alone; which crash point is next depends on which have been reached.
//!
//! [`schedule`] draws; [`broker`], [`postgres`], [`services`], [`losses`], [`links`] and [`overload`] know how to do one
//! fault each, how to end it, and how to see whether it did anything; [`site`] is what they do it to.

mod schedule;

mod broker;
mod links;
mod losses;
mod overload;
mod postgres;
mod services;

mod crash_points;
mod site;

use std::time::Duration;

use fastrand::Rng;
use stack::{Result, System};
use tokio::time::{Instant, sleep};

use self::schedule::{Deck, Fault, Setting, Step};
use self::services::Target;
use self::site::Site;
use super::timeline::Timeline;

pub(crate) use self::crash_points::CRASH_POINTS;

/// Which faults may happen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    /// Services are ended by SIGKILL.
    pub(crate) kills: bool,
    /// Services end themselves at named points. It takes binaries with faults built in.
    pub(crate) crash_points: bool,
    /// Services are halted and go on.
    pub(crate) pauses: bool,
    /// Services are restarted in good order, one after another.
    pub(crate) rolling_restarts: bool,
    /// The broker is killed, or restarted in good order.
    pub(crate) broker_restarts: bool,
    /// The broker blocks publishers.
    pub(crate) memory_alarms: bool,
    /// Queues lose their binding.
    pub(crate) unbinding: bool,
    /// The broker or a queue loses its messages. Only the sweep heals that.
    pub(crate) losses: bool,
    /// PostgreSQL, or a session of it, ends.
    pub(crate) postgres: bool,
    /// Lines break, fall silent or are slow.
    pub(crate) links: bool,
    /// There is more to do for a database than it has connections for.
    pub(crate) overload: bool,
}

impl Faults {
    /// Everything.
    pub(crate) fn all() -> Self {
        Self {
            kills: true,
            crash_points: true,
            pauses: true,
            rolling_restarts: true,
            broker_restarts: true,
            memory_alarms: true,
            unbinding: true,
            losses: true,
            postgres: true,
            links: true,
            overload: true,
        }
    }

    /// What loses nothing that a committed outbox or the broker holds: everything becomes final without the sweep.
    pub(crate) fn lossless() -> Self {
        Self { losses: false, ..Self::all() }
    }

    /// The broker and queues that lose their messages, and nothing that would keep a short run from doing that.
    pub(crate) fn lossy() -> Self {
        Self { losses: true, ..Self::none() }
    }

    /// Queues that lose their binding until a service that is killed declares it, or one whose messages return.
    pub(crate) fn unbinding() -> Self {
        Self { unbinding: true, kills: true, ..Self::none() }
    }

    fn none() -> Self {
        Self {
            kills: false,
            crash_points: false,
            pauses: false,
            rolling_restarts: false,
            broker_restarts: false,
            memory_alarms: false,
            unbinding: false,
            losses: false,
            postgres: false,
            links: false,
            overload: false,
        }
    }
}

/// Injects faults for `duration`; one that has begun is ended properly. Afterwards everything is healed: every part is
/// ready, every link passes, no alarm is raised. Prints a line for each fault.
///
/// # Errors
/// A part that does not come up again, with the end of its log. What could be healed is.
pub(crate) async fn run(
    system: &System,
    seed: u64,
    duration: Duration,
    faults: Faults,
    timeline: &Timeline,
) -> Result<()> {
    let mut rng = Rng::with_seed(seed);
    let site = Site::new(system, timeline, &mut rng);
    let end = Instant::now() + duration;
    // A short run has no time for a long halt.
    let longest_pause_ms = (duration.as_millis() as u64 / 20).clamp(6_000, 30_000);
    let setting = Setting { faults, replicas: site.replicas(), longest_pause_ms };
    let mut hand = |draw: fn(&mut Rng, Setting) -> Deck| {
        let mut rng = rng.fork();
        work(&site, end, move || draw(&mut rng, setting))
    };
    let hands = (hand(schedule::servers), hand(schedule::services), hand(schedule::links));
    let done = tokio::try_join!(hands.0, hands.1, hands.2);
    let healed = heal(&site).await;
    done.map(drop).and(healed)
}

/// Plays decks until the time is over.
async fn work(site: &Site<'_>, end: Instant, mut draw: impl FnMut() -> Deck) -> Result<()> {
    loop {
        let deck = draw();
        if deck.is_empty() {
            return Ok(());
        }
        for Step { pause, fault } in deck {
            sleep(pause).await;
            if Instant::now() >= end {
                return Ok(());
            }
            inject(site, fault).await?;
        }
    }
}

async fn inject(site: &Site<'_>, fault: Fault) -> Result<()> {
    match fault {
        Fault::Kill { victims, down } => services::kill(site, &victims, down).await,
        Fault::Crash { replicas, passes } => services::crash(site, replicas, passes).await,
        Fault::SweepCrash { number, pile_up } => services::sweep_crash(site, number, pile_up).await,
        Fault::Loss { queue, pile_up } => losses::lose(site, queue, pile_up).await,
        Fault::Pause { victim, halted } => services::pause(site, victim, halted).await,
        Fault::RollingRestart => services::rolling_restart(site).await,
        Fault::BrokerKill { down } => broker::kill(site, down).await,
        Fault::BrokerRestart => broker::restart(site).await,
        Fault::BrokerWipe => broker::wipe(site).await,
        Fault::MemoryAlarm { hold } => broker::alarm(site, hold).await,
        Fault::Unbind { queue } => broker::unbind(site, queue).await,
        Fault::DeleteQueue { queue } => broker::delete_queue(site, queue).await,
        Fault::PostgresAbort { down } => postgres::abort(site, down).await,
        Fault::PostgresKill { down } => postgres::kill(site, down).await,
        Fault::BackendKill { draw } => postgres::kill_backend(site, draw).await,
        Fault::BackendEnd { draw } => postgres::end_backend(site, draw).await,
        Fault::Link { line, harm, hold } => {
            links::harm(site, line, harm, hold).await;
            Ok(())
        }
        Fault::Cut { line, direction, bytes } => {
            links::cut(site, line, direction, bytes).await;
            Ok(())
        }
        Fault::Exhaust { victim, hold } => {
            overload::exhaust(site, victim, hold).await;
            Ok(())
        }
    }
}

/// Ends every fault, however it was left.
async fn heal(site: &Site<'_>) -> Result<()> {
    let system = site.system();
    let servers = system.servers();
    for target in Target::all(site.replicas()) {
        links::heal(site, target);
        let part = site.part(target);
        part.set_environment(services::CRASH_AT, None);
        // It does not run, or goes on already: both are as good.
        let _ = part.resume();
        part.launch()?;
    }
    tokio::try_join!(servers.postgres().start(), servers.rabbitmq().start())?;
    servers.clear_memory_alarm().await?;
    for target in Target::all(site.replicas()) {
        site.bring_up(target).await?;
    }
    Ok(())
}

//! Sends orders: each connection in a loop of its own (closed), or all of them on one schedule (open).
//!
//! Everything happens on one thread, which shares the machine's cores with the system under test and has to be cheap:
//! paths and bodies exist already, and of an answer only the status and `Location` are looked at. Like a client on
//! another machine, it interrupts no process of the system when it wakes up.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::{join_all, try_join_all};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::error::{Doing, Error, Result};
use crate::post::{Answer, Connection};
use crate::tally::{Accepted, Tally};
use crate::watch::Sample;

/// What every order is called.
pub(crate) const DESCRIPTION: &str = "A benchmark order";
/// Orders cost 1 … this many kopecks, at random.
const MOST_EXPENSIVE_MINOR: i64 = 1000;
/// What was due in the window is sent, and what was sent is waited for, up to so long after its end.
const GRACE: Duration = Duration::from_secs(10);
/// An open loop's sends leave together when they are due within so long: a wake-up for each would cost too much.
const TICK: Duration = Duration::from_millis(1);

/// What to send, and where.
pub(crate) struct Plan {
    /// The connections are spread over these.
    pub(crate) orders: Vec<SocketAddr>,
    pub(crate) users: Vec<Uuid>,
    pub(crate) connections: usize,
    pub(crate) duration: Duration,
    pub(crate) rate: Option<u32>,
    /// Where orders go that are to be watched.
    pub(crate) watch: Option<Sender<Sample>>,
}

/// What all connections share.
struct Load {
    plan: Plan,
    paths: Vec<String>,
    /// By amount.
    bodies: Vec<String>,
    tally: Arc<Mutex<Tally>>,
    schedule: Option<Schedule>,
}

/// When requests are due: `due` gets a permit for each at its time.
struct Schedule {
    due: Semaphore,
    began: Mutex<Instant>,
    interval: Duration,
    next: AtomicU64,
}

/// Sends until the plan's time is over, and returns when everything is answered. Blocks the thread.
pub(crate) fn run(plan: Plan, tally: Arc<Mutex<Tally>>) -> Result<()> {
    let paths = plan.users.iter().map(|user| format!("/orders/create/{user}")).collect();
    let body = |amount| format!(r#"{{"amount":{amount},"description":"{DESCRIPTION}"}}"#);
    let bodies = (0..=MOST_EXPENSIVE_MINOR).map(body).collect();
    let schedule = plan.rate.map(Schedule::new);
    let load = Arc::new(Load { plan, paths, bodies, tally, schedule });
    // Another one than the caller's, from which servers may be started later: they would inherit how it is scheduled.
    let thread = thread::spawn(move || {
        interrupt_nobody()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.doing("starting the load generator")?.block_on(load.run())
    });
    thread.join().map_err(|_| Error::Other("the load generator panicked".to_owned()))?
}

/// From now on this thread, and any that it starts, interrupts nobody when it wakes up (`SCHED_BATCH`, see sched(7)).
fn interrupt_nobody() -> Result<()> {
    let thread = fs::read_link("/proc/thread-self").doing("finding the load generator's thread")?;
    let id = thread.file_name().unwrap_or_default();
    let doing = "scheduling the load generator by chrt (Debian has it in the package util-linux)";
    let chrt = Command::new("chrt").args(["--batch", "--pid", "0"]).arg(id).output().doing(doing)?;
    if chrt.status.success() {
        return Ok(());
    }
    Err(Error::Other(format!("{doing}: {}", String::from_utf8_lossy(&chrt.stderr).trim())))
}

impl Load {
    async fn run(self: Arc<Self>) -> Result<()> {
        let addresses = self.plan.orders.iter().copied().cycle().take(self.plan.connections);
        let open = async |address| Connection::open(address).await.map(|connection| (address, connection));
        let connections = try_join_all(addresses.map(open)).await?;
        let began = Instant::now();
        let end = began + self.plan.duration;
        let pacer = self.schedule.as_ref().map(|schedule| {
            *lock(&schedule.began) = began;
            let load = Arc::clone(&self);
            thread::spawn(move || load.schedule.as_ref().map(|schedule| schedule.pace(end)))
        });
        let loops = connections
            .into_iter()
            .map(|(address, connection)| tokio::spawn(Arc::clone(&self).send_all(address, connection, end)));
        // What is still under way after the grace is left unanswered.
        let _ = timeout(self.plan.duration + GRACE, join_all(loops)).await;
        let due = pacer.and_then(|pacer| pacer.join().ok().flatten());
        let mut tally = lock(&self.tally);
        tally.unanswered = tally.sent - tally.answers();
        tally.never_sent = due.map_or(0, |due| due.saturating_sub(tally.sent));
        Ok(())
    }

    /// One connection's loop, on a new connection when the server closes the old one.
    async fn send_all(self: Arc<Self>, address: SocketAddr, mut connection: Connection, end: Instant) {
        while let Some(begun) = self.next(end).await {
            if !connection.is_open() {
                match Connection::open(address).await {
                    Ok(fresh) => connection = fresh,
                    // The system is away; a hot loop would keep it there.
                    Err(_) => {
                        sleep(Duration::from_millis(10)).await;
                        continue;
                    }
                }
            }
            self.send_one(&mut connection, begun).await;
        }
    }

    /// When the latency of the next request begins to count; nothing if there is none left.
    async fn next(&self, end: Instant) -> Option<Instant> {
        match &self.schedule {
            None => Some(Instant::now()).filter(|now| *now < end),
            Some(schedule) => schedule.next().await,
        }
    }

    /// An answer that never comes is counted in the end, as sent and not answered.
    async fn send_one(&self, connection: &mut Connection, begun: Instant) {
        let path = &self.paths[fastrand::usize(..self.paths.len())];
        let amount_minor = random_amount_minor();
        let body = &self.bodies[amount_minor as usize];
        let sent = Instant::now();
        let is_watched = lock(&self.tally).send(sent);
        let Ok(answer) = connection.post(path, body).await else {
            return;
        };
        let status = answer.status;
        let id = order_of(&answer).filter(|_| status == 201);
        let order = id.map(|id| Accepted { id, amount_minor });
        lock(&self.tally).answer(status, order, begun, sent);
        if let (true, Some(id), Some(watch)) = (is_watched, id, &self.plan.watch) {
            // The watch ends early only by an error, which it reports itself.
            let _ = watch.send(Sample { id, begun });
        }
    }
}

impl Schedule {
    fn new(rate: u32) -> Self {
        let interval = Duration::from_secs_f64(1.0 / f64::from(rate));
        Self { due: Semaphore::new(0), began: Mutex::new(Instant::now()), interval, next: AtomicU64::new(0) }
    }

    async fn next(&self) -> Option<Instant> {
        // It is closed when all that was due is sent.
        self.due.acquire().await.ok()?.forget();
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        Some(*lock(&self.began) + self.interval.mul_f64(index as f64))
    }

    /// Lets requests go when they are due, and returns how many were. A thread of its own sleeps to some 50 µs, the
    /// runtime's timers to 1 ms.
    fn pace(&self, end: Instant) -> u64 {
        let began = *lock(&self.began);
        let mut released: u64 = 0;
        let mut tick = began;
        loop {
            let due_at = began + self.interval.mul_f64(released as f64);
            if due_at >= end {
                break;
            }
            thread::sleep(due_at.max(tick).min(end).saturating_duration_since(Instant::now()));
            let now = Instant::now().min(end);
            let due = ((now - began).as_secs_f64() / self.interval.as_secs_f64()) as u64 + 1;
            let more = due.saturating_sub(released).max(1);
            self.due.add_permits(more as usize);
            released += more;
            tick = now + TICK;
        }
        while self.next.load(Ordering::Relaxed) < released && Instant::now() < end + GRACE {
            thread::sleep(Duration::from_millis(1));
        }
        self.due.close();
        released
    }
}

/// What an order costs.
pub(crate) fn random_amount_minor() -> i64 {
    fastrand::i64(1..=MOST_EXPENSIVE_MINOR)
}

/// The id in `Location: /orders/status/{id}`.
fn order_of(answer: &Answer) -> Option<Uuid> {
    answer.location.as_ref()?.rsplit('/').next()?.parse().ok()
}

/// Whoever panicked with the lock held has not left a count half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! One run: the yardstick, the warm-up, the window, the audit, the yardstick again.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use stack::{Part, Servers, ServersOptions, System, SystemOptions};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::accounts;
use crate::audit::{Audit, Expected, audit};
use crate::client::address_of;
use crate::error::{Doing, Error, Result};
use crate::live::{Live, LiveReport};
use crate::load::{self, Plan, lock};
use crate::machine::{self, Machine};
use crate::metrics::{BatchSize, Batches};
use crate::options::Options;
use crate::report::{Cpu, Latency, Memory, Quantiles, Report, Throughput, Yardstick};
use crate::settle;
use crate::stored;
use crate::tally::{Accepted, Tally};
use crate::usage::{Meter, Spent, peak_resident_mib};
use crate::watch::{Watch, Watched};
use crate::yardstick;

/// What a closed loop is expected to do per second until it has shown what it does.
const RATE_GUESS: f64 = 5000.0;

/// Starts a system, measures it and stops it. The report may say that its figures are void.
#[tokio::main(flavor = "current_thread")]
pub async fn run(options: &Options) -> Result<Report> {
    say("starting PostgreSQL and RabbitMQ");
    let servers = Arc::new(Servers::start(ServersOptions::default()).await?);
    let before = measure_yardstick(&servers, options, "before").await?;
    say("starting the services");
    let system_options = SystemOptions {
        has_gateway: options.gateway,
        orders_replicas: options.replicas.into(),
        payments_replicas: options.replicas.into(),
        ..SystemOptions::default()
    };
    let system = System::start(&servers, system_options).await?;
    let machine = Machine::describe(system.addresses()).await?;
    let measured = Experiment::prepare(&system, options).await?.measure().await?;
    system.stop().await?;
    let after = measure_yardstick(&servers, options, "after").await?;
    servers.stop().await;

    let mut report = report(options, machine, measured);
    let command = yardstick::command_line(options.yardstick_seconds);
    let rate = report.throughput.orders_per_second;
    report.yardstick = before.zip(after).map(|(before, after)| Yardstick::new(command, before, after, rate));
    report.write_json()?;
    Ok(report)
}

async fn measure_yardstick(servers: &Servers, options: &Options, when: &str) -> Result<Option<f64>> {
    if options.yardstick_seconds == 0 {
        return Ok(None);
    }
    say(&format!("yardstick {when}, {} s", options.yardstick_seconds));
    let rate = yardstick::measure(servers, options.yardstick_seconds).await?;
    say(&format!("yardstick {when}: {rate:.0} transactions/s"));
    Ok(Some(rate))
}

/// A system that is ready to be measured.
struct Experiment<'a> {
    system: &'a System,
    options: &'a Options,
    users: Vec<Uuid>,
    /// Less than the id of every order of the run.
    first_order: Uuid,
    orders: Client,
    orders_backend_pid: i32,
}

/// What the window showed.
struct Measured {
    tally: Tally,
    /// When the last order was final; nothing if that was not to be waited for.
    ended: Option<Instant>,
    watched: Watched,
    spent: Spent,
    batches: Vec<BatchSize>,
    live: Option<LiveReport>,
    memory: Memory,
    audit: Audit,
}

impl<'a> Experiment<'a> {
    async fn prepare(system: &'a System, options: &'a Options) -> Result<Self> {
        let addresses = system.addresses();
        let orders = machine::connect(&addresses.orders_database).await?;
        let row = orders.query_one("SELECT pg_backend_pid()", &[]).await;
        let orders_backend_pid = row.doing("asking for a process")?.get(0);
        if options.stored_orders > 0 {
            say(&format!("storing {} orders", options.stored_orders));
            stored::store(addresses, options.stored_orders).await?;
        }
        // Every order of the run has a greater id: a UUID v7 begins with the time.
        let first_order = Uuid::from_u128(u128::from(unix_ms()) << 80);
        say(&format!("opening {} accounts", options.accounts));
        let payments_address = address_of(&addresses.payments[0])?;
        let users = accounts::open(payments_address, options.accounts as usize, !options.declined).await?;
        Ok(Self { system, options, users, first_order, orders, orders_backend_pid })
    }

    async fn measure(self) -> Result<Measured> {
        let live = self.watch_live().await?;
        let warmed_up = self.warm_up().await?;
        let (watch, samples) = Watch::start(&self.system.addresses().orders_database).await?;
        let meter = Meter::new(self.system, vec![watch.backend_pid, self.orders_backend_pid])?;
        // Every window begins as far from the next checkpoint as another.
        self.orders.batch_execute("CHECKPOINT").await.doing("a checkpoint")?;

        let rate = self.options.rate.map_or(expected_rate(&warmed_up), f64::from);
        let batches_before = Batches::now(self.system.addresses()).await?;
        let spent_before = meter.snapshot();
        let mut plan = self.plan(self.options.seconds)?;
        plan.watch = Some(samples);
        let mut tally = self.send("window", plan, Tally::new(rate)).await?;
        let (ended, snapshot) =
            settle::until_final(&self.orders, self.first_order, &tally.accepted, || meter.snapshot()).await?;
        let spent = snapshot.since(&spent_before);
        let batches = Batches::now(self.system.addresses()).await?.since(&batches_before);
        let live = match live {
            Some(live) => Some(live.finish(&self.orders, &tally.accepted).await?),
            None => None,
        };
        let watched = spawn_blocking(|| watch.finish()).await.map_err(panicked)??;
        let memory = Memory {
            orders_service_peak_mib: self.peak(System::orders)?,
            payments_service_peak_mib: self.peak(System::payments)?,
        };
        say("checking that the money is exact");
        let mut accepted: Vec<Accepted> = warmed_up.accepted.iter().chain(&tally.accepted).copied().collect();
        let expected = Expected {
            accepted: &mut accepted,
            unclear: warmed_up.unclear() + tally.unclear(),
            first_order: self.first_order,
            stored_before: self.options.stored_orders,
            declined: self.options.declined,
        };
        let audit = audit(self.system.addresses(), &self.orders, expected).await?;
        tally.accepted.shrink_to_fit();
        Ok(Measured { tally, ended, watched, spent, batches, live, memory, audit })
    }

    async fn watch_live(&self) -> Result<Option<Live>> {
        let count = self.options.live_clients as usize;
        if count == 0 {
            return Ok(None);
        }
        say(&format!("opening {count} live clients"));
        let service = self.system.orders(0).process().map_or(0, |process| process.pid);
        Live::open(self.orders_addresses()?[0], &self.users, count, service).await.map(Some)
    }

    async fn warm_up(&self) -> Result<Tally> {
        let tally = Tally::new(RATE_GUESS);
        if self.options.warmup_seconds == 0 {
            return Ok(tally);
        }
        let plan = self.plan(self.options.warmup_seconds)?;
        let tally = self.send("warm-up", plan, tally).await?;
        match settle::until_final(&self.orders, self.first_order, &tally.accepted, || ()).await? {
            (Some(_), ()) => Ok(tally),
            (None, ()) => Err(Error::Other("the warm-up's orders do not become final".into())),
        }
    }

    fn plan(&self, seconds: u64) -> Result<Plan> {
        Ok(Plan {
            orders: self.orders_addresses()?,
            users: self.users.clone(),
            connections: self.options.connections as usize,
            duration: Duration::from_secs(seconds),
            rate: self.options.rate,
            watch: None,
        })
    }

    /// The gateway, or the replicas of orders-service.
    fn orders_addresses(&self) -> Result<Vec<SocketAddr>> {
        let addresses = self.system.addresses();
        match addresses.gateway.as_ref().filter(|_| self.options.gateway) {
            Some(gateway) => Ok(vec![address_of(gateway)?]),
            None => addresses.orders.iter().map(|address| address_of(address)).collect(),
        }
    }

    /// Of the replica that needed most.
    fn peak(&self, replica: impl Fn(&System, usize) -> &Part) -> Result<f64> {
        let replicas =
            (0..self.options.replicas.into()).map(|index| peak(replica(self.system, index).process()));
        replicas.collect::<Result<Vec<_>>>().map(|peaks| peaks.into_iter().fold(0.0, f64::max))
    }

    /// Sends on a thread of its own, and says every second how far it is.
    async fn send(&self, phase: &str, plan: Plan, tally: Tally) -> Result<Tally> {
        let shared = Arc::new(Mutex::new(tally));
        let begun = Instant::now();
        let mut load = {
            let shared = Arc::clone(&shared);
            spawn_blocking(move || load::run(plan, shared))
        };
        while !is_over(&mut load).await? {
            let (sent, answers) = {
                let tally = lock(&shared);
                (tally.sent, tally.answers())
            };
            let seconds = begun.elapsed().as_secs_f64();
            say(&format!("{phase}, {seconds:.0} s: {sent} sent, {answers} answered"));
        }
        let shared = Arc::into_inner(shared).ok_or_else(|| Error::Other("the load goes on".into()))?;
        Ok(shared.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// Waits for a second, or less if it is over.
async fn is_over(load: &mut JoinHandle<Result<()>>) -> Result<bool> {
    match timeout(Duration::from_secs(1), load).await {
        Ok(ended) => ended.map_err(panicked)?.map(|()| true),
        Err(_) => Ok(false),
    }
}

fn report(options: &Options, machine: Machine, measured: Measured) -> Report {
    let Measured { tally, ended, watched, spent, batches, live, memory, audit } = measured;
    let mut faults = machine.undurable();
    faults.extend(audit.faults.iter().cloned());
    let created = tally.statuses.get(&201).copied().unwrap_or(0);
    if created == 0 {
        faults.push("no order was accepted".into());
    }
    if created != tally.accepted.len() as u64 {
        faults.push("a 201 came without the order's address in Location".into());
    }
    if ended.is_none() {
        faults.push("orders were left that did not become final".into());
    }
    if watched.lost > 0 {
        faults.push(format!("{} orders that were watched were never seen final", watched.lost));
    }
    if let Some(live) = live.as_ref().filter(|live| live.missing > 0) {
        faults.push(format!("{} news of final orders reached their clients never", live.missing));
    }
    Report {
        faults,
        options: options.clone(),
        profile: if cfg!(debug_assertions) { "debug" } else { "release" },
        machine,
        throughput: throughput(&tally, ended),
        yardstick: None,
        latency: Latency {
            to_created: Quantiles::of(&tally.answered_after),
            to_refused: Quantiles::of(&tally.refused_after),
            to_finished: Quantiles::of(&watched.final_after),
            polls: watched.polls,
        },
        cpu: Cpu::new(&spent, created),
        answers: tally.statuses,
        unanswered: tally.unanswered,
        never_sent: tally.never_sent,
        live,
        memory,
        batches,
        audit,
    }
}

fn throughput(tally: &Tally, ended: Option<Instant>) -> Throughput {
    let now = Instant::now();
    let first_post = tally.first_post.unwrap_or(now);
    let last_answer = tally.last_answer.unwrap_or(now);
    // Without an end nothing counts, and the faults say so.
    let ended = ended.unwrap_or(now).max(last_answer);
    let orders = tally.accepted.len() as u64;
    let window_seconds = (ended - first_post).as_secs_f64();
    Throughput {
        orders,
        window_seconds,
        drain_seconds: (ended - last_answer).as_secs_f64(),
        orders_per_second: orders as f64 / window_seconds,
        answers_per_second: tally.answers() as f64 / (last_answer - first_post).as_secs_f64(),
    }
}

fn expected_rate(warmed_up: &Tally) -> f64 {
    match (warmed_up.first_post, warmed_up.last_answer) {
        (Some(first), Some(last)) => warmed_up.answers() as f64 / (last - first).as_secs_f64().max(0.1),
        _ => RATE_GUESS,
    }
}

fn peak(process: Option<stack::ProcessId>) -> Result<f64> {
    let peak = process.and_then(|process| peak_resident_mib(process.pid));
    peak.ok_or_else(|| Error::Other("a service has ended while it was measured".into()))
}

fn panicked(error: tokio::task::JoinError) -> Error {
    Error::Other(format!("a task of the benchmark failed: {error}"))
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Progress, where it does not mix with the report.
fn say(what: &str) {
    eprintln!("bench: {what}");
}

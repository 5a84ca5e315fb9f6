//! One experiment: a fresh system on servers that run, the warm-up, the window, the audit.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stack::{Part, Servers, System, SystemOptions};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::accounts;
use crate::audit::{Audit, Expected, audit};
use crate::backlog::Backlog;
use crate::client::address_of;
use crate::clock::since_epoch;
use crate::error::{Doing, Error, Result};
use crate::live::Live;
use crate::load::{self, Plan, lock};
use crate::machine::{self, Machine};
use crate::measured::Measured;
use crate::metrics::Histograms;
use crate::options::Options;
use crate::progress::say;
use crate::report::{Memory, Report};
use crate::series::Series;
use crate::settle;
use crate::stored;
use crate::tally::{Accepted, Tally};
use crate::usage::{Meter, peak_resident_mib, resident_mib};
use crate::watch::Watch;

/// What a closed loop is expected to do per second until it has shown what it does.
const RATE_GUESS: f64 = 5000.0;

/// Starts a system of its own on `servers`, measures it and stops it. The report has no yardstick yet.
///
/// `at_start` is called right before the first order of the window.
///
/// # Errors
/// Nothing was measured: something could not be started or asked, or `at_start` failed.
pub(crate) async fn measure(
    servers: &Arc<Servers>,
    options: &Options,
    at_start: impl FnOnce(&Meter) -> Result<()>,
) -> Result<Report> {
    say("starting the services");
    let system_options = SystemOptions {
        has_gateway: options.gateway,
        orders_replicas: options.replicas.into(),
        payments_replicas: options.replicas.into(),
        ..SystemOptions::default()
    };
    let system = System::start(servers, system_options).await?;
    let machine = Machine::describe(system.addresses()).await?;
    let measured = Experiment::prepare(&system, options).await?.measure(at_start).await?;
    system.stop().await?;
    Ok(measured.report(options, machine))
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

impl<'a> Experiment<'a> {
    async fn prepare(system: &'a System, options: &'a Options) -> Result<Self> {
        let addresses = system.addresses();
        let orders = machine::connect(&addresses.orders_database).await?;
        let row = orders.query_one("SELECT pg_backend_pid()", &[]).await;
        let orders_backend_pid = row.doing("asking for a process")?.get(0);
        if options.stored_orders > 0 {
            say(&format!("storing {} orders", options.stored_orders));
            let began = Instant::now();
            stored::store(addresses, options.stored_orders).await?;
            say(&format!("stored them in {:.0} s", began.elapsed().as_secs_f64()));
        }
        // Every order of the run has a greater id: a UUID v7 begins with the time.
        let first_order = Uuid::from_u128(since_epoch().as_millis() << 80);
        say(&format!("opening {} accounts", options.accounts));
        let payments_address = address_of(&addresses.payments[0])?;
        let users = accounts::open(payments_address, options.accounts as usize, !options.declined).await?;
        Ok(Self { system, options, users, first_order, orders, orders_backend_pid })
    }

    async fn measure(self, at_start: impl FnOnce(&Meter) -> Result<()>) -> Result<Measured> {
        let live = self.watch_live().await?;
        let warmed_up = self.warm_up().await?;
        let backlog = self.write_backlog().await?;
        let (watch, samples) = Watch::start(&self.system.addresses().orders_database).await?;
        let meter = Meter::new(self.system, vec![watch.backend_pid, self.orders_backend_pid])?;
        // Every window begins as far from the next checkpoint as another.
        self.orders.batch_execute("CHECKPOINT").await.doing("a checkpoint")?;

        let rate = self.options.rate.map_or(expected_rate(&warmed_up), f64::from);
        let mut plan = self.plan(self.options.seconds)?;
        plan.watch = Some(samples);
        let histograms_before = Histograms::now(self.system.addresses()).await?;
        let mut resident = vec![self.memory(resident_mib)?];
        at_start(&meter)?;
        let spent_before = meter.snapshot();
        let began = since_epoch().as_secs_f64();
        let draining = match &backlog {
            Some(backlog) => Some(backlog.release(self.system.addresses()).await?),
            None => None,
        };
        let look = || self.memory(resident_mib).map(|now| resident.push(now));
        let tally = self.send("window", plan, Tally::new(rate), look).await?;
        resident.push(self.memory(resident_mib)?);
        let (ended, snapshot) =
            settle::until_final(&self.orders, self.first_order, &tally.accepted, || meter.snapshot()).await?;
        let spent = snapshot.since(&spent_before);
        let histograms = Histograms::now(self.system.addresses()).await?;
        let live = match live {
            Some(live) => Some(live.finish(&self.orders, &tally.accepted).await?),
            None => None,
        };
        let watched = spawn_blocking(|| watch.finish()).await.map_err(panicked)??;
        let memory = Memory::new(self.memory(peak_resident_mib)?, &resident);
        let series = Series::read(&self.orders, self.first_order, began).await?;
        let drained = match draining {
            Some(draining) => Some(draining.finish(&self.orders, began, tally.sent_seconds()).await?),
            None => None,
        };
        let batches = histograms.batches_since(&histograms_before);
        let accepted = [&warmed_up.accepted, &tally.accepted].into_iter().flatten().copied();
        let backlog = backlog.iter().flat_map(Backlog::accepted);
        let unclear = warmed_up.unclear() + tally.unclear();
        let audit = self.audit(accepted.chain(backlog).collect(), unclear).await?;
        Ok(Measured { tally, ended, watched, spent, batches, live, drained, memory, series, audit })
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
        let tally = self.send("warm-up", plan, tally, || Ok(())).await?;
        match settle::until_final(&self.orders, self.first_order, &tally.accepted, || ()).await? {
            (Some(_), ()) => Ok(tally),
            (None, ()) => Err(Error::Other("the warm-up's orders do not become final".into())),
        }
    }

    async fn write_backlog(&self) -> Result<Option<Backlog>> {
        if self.options.backlog == 0 {
            return Ok(None);
        }
        say(&format!("writing a backlog of {} orders", self.options.backlog));
        Backlog::write(self.system.addresses(), &self.users, self.options.backlog).await.map(Some)
    }

    async fn audit(&self, mut accepted: Vec<Accepted>, unclear: u64) -> Result<Audit> {
        say("checking that the money is exact");
        let expected = Expected {
            accepted: &mut accepted,
            unclear,
            first_order: self.first_order,
            stored_before: self.options.stored_orders,
            declined: self.options.declined,
        };
        audit(self.system.addresses(), &self.orders, expected).await
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

    /// What orders-service and payments-service have resident, in MiB, each the replica that has most.
    fn memory(&self, of_process: fn(i32) -> Option<f64>) -> Result<[f64; 2]> {
        let ended = || Error::Other("a service has ended while it was measured".into());
        let of_replica =
            |part: &Part| part.process().and_then(|process| of_process(process.pid)).ok_or_else(ended);
        let most = |part: fn(&System, usize) -> &Part| {
            let replicas =
                (0..self.options.replicas.into()).map(|index| of_replica(part(self.system, index)));
            replicas.collect::<Result<Vec<f64>>>().map(|all| all.into_iter().fold(0.0, f64::max))
        };
        Ok([most(System::orders)?, most(System::payments)?])
    }

    /// Sends on a thread of its own; says every second how far it is, and calls `look` as often.
    async fn send(
        &self,
        phase: &str,
        plan: Plan,
        tally: Tally,
        mut look: impl FnMut() -> Result<()>,
    ) -> Result<Tally> {
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
            look()?;
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

fn expected_rate(warmed_up: &Tally) -> f64 {
    match (warmed_up.first_post, warmed_up.last_answer) {
        (Some(first), Some(last)) => warmed_up.answers() as f64 / (last - first).as_secs_f64().max(0.1),
        _ => RATE_GUESS,
    }
}

fn panicked(error: tokio::task::JoinError) -> Error {
    Error::Other(format!("a task of the benchmark failed: {error}"))
}

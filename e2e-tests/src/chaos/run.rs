//! The story of a run.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use stack::{Addresses, Error, Result, Servers, ServersOptions, System, SystemOptions, workspace};
use tokio::time::{Instant, sleep};

use super::checks::{self, Findings};
use super::evidence::{Evidence, Files};
use super::history::Outcome;
use super::messages::Messages;
use super::meters::{Meters, Sums};
use super::nemesis;
use super::options::Options;
use super::quiet::{self, Quiet};
use super::report::{CrashPoint, Demands, Report, Verdict, figures};
use super::scenario::{Profile, Scenario};
use super::snapshots::Snapshots;
use super::timeline::Timeline;
use super::workload::Workload;
use crate::{Database, Shop};

/// What is promised after healing.
const FINAL_WITHIN: Duration = Duration::from_secs(60);
const PROGRESS: Duration = Duration::from_secs(10);
/// Short enough that clients meet orders at every step of their delivery, and long enough that some can be cancelled.
const DELIVERY_INTERVAL_SECONDS: u32 = 2;
/// Before the first fault: what faults are compared with.
const CALM: Duration = Duration::from_secs(10);

/// Runs the suite once, with everything in it, and reports.
///
/// # Errors
/// If the system can't be run at all.
pub async fn run_once(options: &Options) -> Result<Verdict> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let command = format!(
        "cargo stack chaos --seconds {} --seed {seed} --replicas {}",
        options.seconds, options.replicas
    );
    println!("Repeat it: {command}");
    let scenario = Scenario {
        name: "All faults".into(),
        seed,
        duration: Duration::from_secs(options.seconds),
        replicas: options.replicas as usize,
        profile: Profile::ALL,
        mutant: None,
        final_within: FINAL_WITHIN,
    };
    let place = Place::fresh(&seed.to_string())?;
    println!("Logs, data and history: {}", place.folder().display());
    let servers = place.servers().await?;
    let mut report = run(&servers, &scenario, place.folder()).await?;
    report.command = command;
    report.void = Demands::of(scenario.duration).unmet(&report);
    println!("{}", report.text());
    let folder = options.report.clone().unwrap_or_else(|| workspace::root().join("target/chaos"));
    report.write(&folder)?;
    println!("Written: {0}/report.html and {0}/report.json", folder.display());
    servers.stop().await;
    drop(servers);
    place.leave(report.verdict());
    println!("Repeat it: {}", report.command);
    Ok(report.verdict())
}

/// A folder for the servers' data and logs and for the run's files. It stays if something was found.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn fresh(name: &str) -> Result<Self> {
        let folder = PathBuf::from(format!("/var/tmp/gozon-chaos-{}-{name}", std::process::id()));
        let failed = |source| Error::Io { doing: format!("creating {}", folder.display()), source };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        Ok(Self(folder))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    pub(crate) async fn servers(&self) -> Result<Arc<Servers>> {
        let folder = Some(self.0.join("servers"));
        Ok(Arc::new(Servers::start(ServersOptions { folder, ..Default::default() }).await?))
    }

    pub(crate) fn leave(self, verdict: Verdict) {
        if verdict == Verdict::Violated {
            println!("Logs, data and history are kept: {}", self.0.display());
        } else {
            // What can't be deleted is in nobody's way.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// Everything that goes on while faults are injected.
struct Activity {
    workload: Workload,
    messages: Messages,
    snapshots: Snapshots,
    meters: Meters,
}

/// Starts a system, does it harm, heals it and looks at what it is then. The files of the run go to `folder`.
pub(crate) async fn run(servers: &Arc<Servers>, scenario: &Scenario, folder: &Path) -> Result<Report> {
    let system = System::start(servers, system_options(scenario)).await?;
    let addresses = system.addresses().clone();
    let files = Files(folder);
    let timeline = Arc::new(Timeline::start(&files.timeline()));
    let activity = Activity::start(&addresses, scenario, &files, &timeline).await;

    let faults = (scenario.profile.faults)();
    let harm = async {
        sleep(CALM).await;
        nemesis::run(&system, scenario.seed, scenario.duration, faults, &timeline).await
    };
    tokio::select! {
        harmed = harm => harmed?,
        () = activity.show_progress(&addresses, &timeline) => {}
    }
    let healed_ms = timeline.now_ms();
    println!("{:>5} s  healed", healed_ms / 1000);
    let stopped = activity.stop(&addresses, scenario.final_within).await;
    let dead_letters = quiet::take_letters(&addresses, &files.letters()).await?;

    let name = servers.fresh_name();
    let url = servers.create_database(&format!("evidence_{name}")).await?;
    let evidence = Evidence::create(&url).await?;
    let mut leftovers = stopped.quiet.leftovers.clone();
    leftovers.extend(not_ready(&addresses).await);
    evidence.gather(&files, &addresses, &timeline, &leftovers).await?;
    let mut checks = Vec::new();
    for check in checks::all() {
        checks.push(check.run(&evidence).await?);
    }
    checks.push(audit(&addresses).await?);
    checks.push(panics(stopped.panics));
    let figures = figures(&evidence, timeline.now_ms()).await?;
    system.stop().await?;
    Ok(Report {
        command: String::new(),
        name: scenario.name.clone(),
        seed: scenario.seed,
        seconds: scenario.duration.as_secs(),
        replicas: scenario.replicas,
        started_at_ms: timeline.started_at_ms(),
        healed_ms,
        final_after_ms: stopped.quiet.final_after.map(|after| after.as_millis() as u64),
        figures,
        crash_points: CrashPoint::counted(&timeline.happenings()),
        faults: timeline.happenings(),
        repeated_events: stopped.repeated_events,
        poison: stopped.poison,
        dead_letters,
        snapshots: stopped.snapshots,
        counters: stopped.counters,
        checks,
        void: Vec::new(),
    })
}

fn system_options(scenario: &Scenario) -> SystemOptions {
    let sweep_after = scenario.profile.sweep_after_seconds.to_string();
    let mut environment = vec![
        ("SWEEP_AFTER_SECONDS".to_owned(), sweep_after),
        ("DELIVERY_INTERVAL_SECONDS".to_owned(), DELIVERY_INTERVAL_SECONDS.to_string()),
    ];
    environment.extend(scenario.mutant.map(|mutant| ("FAULT_MUTANT".to_owned(), mutant.to_owned())));
    SystemOptions {
        orders_replicas: scenario.replicas,
        payments_replicas: scenario.replicas,
        has_links: true,
        has_fault_injection: true,
        environment,
        ..Default::default()
    }
}

/// What all activity came to.
struct Stopped {
    panics: Vec<String>,
    quiet: Quiet,
    snapshots: u64,
    counters: Sums,
    repeated_events: u64,
    poison: u64,
}

impl Activity {
    async fn start(
        addresses: &Addresses,
        scenario: &Scenario,
        files: &Files<'_>,
        timeline: &Arc<Timeline>,
    ) -> Self {
        let workload = Workload::start(addresses, scenario.seed, &files.history(), timeline).await;
        Self {
            workload,
            messages: Messages::start(addresses, scenario.seed, &files.poison(), timeline),
            snapshots: Snapshots::start(addresses, &files.snapshots(), timeline),
            meters: Meters::start(addresses),
        }
    }

    /// Says every few seconds how far everything is. It does not end.
    async fn show_progress(&self, addresses: &Addresses, timeline: &Timeline) {
        let mut next = Instant::now() + PROGRESS;
        loop {
            tokio::time::sleep_until(next).await;
            next += PROGRESS;
            let history = self.workload.history();
            let known = history.count(Outcome::Ok) + history.count(Outcome::Refused);
            let settled = settled(addresses).await.map_or("?".into(), |count| count.to_string());
            println!(
                "{:>5} s  {} operations, {} unknown, {} orders, {settled} final, {} faults",
                timeline.now_ms() / 1000,
                known,
                history.count(Outcome::Unknown),
                history.orders(),
                timeline.count(),
            );
        }
    }

    /// Ends it, clients first, and waits for quiet.
    async fn stop(mut self, addresses: &Addresses, final_within: Duration) -> Stopped {
        let healed = Instant::now();
        let (panics, ()) = tokio::join!(self.workload.stop(), self.messages.stop());
        let quiet = quiet::wait(addresses, healed.into_std(), final_within).await;
        let (repeated_events, poison) = self.messages.counts();
        Stopped {
            panics,
            quiet,
            snapshots: self.snapshots.stop().await,
            counters: self.meters.stop().await,
            repeated_events,
            poison,
        }
    }
}

/// How many orders are final, while the database answers.
async fn settled(addresses: &Addresses) -> Option<i64> {
    let count = async {
        let database = Database::try_connect(&addresses.orders_database).await?;
        database.try_rows("SELECT count(*) FROM orders WHERE status <> 'NEW'", &[]).await
    };
    let rows = tokio::time::timeout(Duration::from_secs(3), count).await.ok()?.ok()?;
    Some(rows[0].get(0))
}

/// Replicas that are not what they were.
async fn not_ready(addresses: &Addresses) -> Vec<String> {
    let mut not_ready = Vec::new();
    for base in addresses.orders.iter().chain(&addresses.payments) {
        match Shop::at(base).get("/health/ready").try_send().await {
            Ok(answer) if answer.status() == 200 => {}
            Ok(answer) => not_ready.push(format!("not ready: {answer}")),
            Err(error) => not_ready.push(format!("not ready: {base}: {error}")),
        }
    }
    not_ready
}

/// What an operator's audit says: it reads the databases themselves, and shares no rule with the checks.
async fn audit(addresses: &Addresses) -> Result<Findings> {
    let mut findings = Vec::new();
    let note = |event: audit::Event<'_>| {
        if let audit::Event::Finding(finding) = event {
            findings.push(finding.to_string());
        }
    };
    let audit = audit::Audit::of(&addresses.orders_database, &addresses.payments_database);
    let counts = audit.run(None, note).await.map_err(|error| Error::Setup(error.to_string()))?;
    findings.truncate(checks::NAMED as usize);
    Ok(Findings { rule: "an audit of both databases finds nothing", count: counts.findings as i64, findings })
}

fn panics(findings: Vec<String>) -> Findings {
    Findings { rule: "clients understand every answer", count: findings.len() as i64, findings }
}

//! What a window costs, process by process: CPU time and memory, as the kernel counts them in `/proc`.
//!
//! PostgreSQL's processes say in their titles which database they serve. What they do for both, or did before they
//! ended, is found as the rest: the server's whole CPU time less that of the backends.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stack::{Addresses, System};

use crate::error::{Error, Result};

/// The kernel's unit of CPU time in `/proc`, `USER_HZ`: 100 per second on every platform that this runs on.
const TICK: Duration = Duration::from_millis(10);

/// Whose CPU time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Group {
    OrdersService,
    PaymentsService,
    /// Backends that serve the orders database.
    OrdersDatabase,
    /// Backends that serve the payments database.
    PaymentsDatabase,
    /// WAL writer, checkpointer, autovacuum and what else both databases share.
    PostgresBackground,
    RabbitMq,
    Gateway,
    /// This program.
    LoadGenerator,
    /// The backends that serve this program's own questions.
    Observation,
    /// Every other process, and the kernel's work for nobody in particular. If it is much, somebody else was at work.
    Others,
}

impl Group {
    pub(crate) const ALL: [Self; 10] = [
        Self::OrdersService,
        Self::PaymentsService,
        Self::OrdersDatabase,
        Self::PaymentsDatabase,
        Self::PostgresBackground,
        Self::RabbitMq,
        Self::Gateway,
        Self::LoadGenerator,
        Self::Observation,
        Self::Others,
    ];

    /// What it is called in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OrdersService => "orders-service",
            Self::PaymentsService => "payments-service",
            Self::OrdersDatabase => "orders database",
            Self::PaymentsDatabase => "payments database",
            Self::PostgresBackground => "PostgreSQL's background",
            Self::RabbitMq => "RabbitMQ",
            Self::Gateway => "gateway",
            Self::LoadGenerator => "load generator",
            Self::Observation => "observation, in PostgreSQL",
            Self::Others => "others on this machine",
        }
    }
}

/// Knows whose each process is.
pub(crate) struct Meter {
    /// Processes that stand for themselves and all their descendants.
    roots: HashMap<i32, Group>,
    postmaster: i32,
    /// In a backend's title.
    orders_database: String,
    payments_database: String,
    /// Backends that serve this program.
    observers: Vec<i32>,
}

/// CPU time used until some moment, in ticks.
pub(crate) struct Snapshot {
    processes: HashMap<(i32, u64), (Group, u64)>,
    /// PostgreSQL as a whole, with processes that have ended.
    postgres: u64,
    machine: MachineTime,
}

/// The first line of `/proc/stat`.
#[derive(Clone, Copy, Default)]
struct MachineTime {
    busy: u64,
    idle: u64,
    stolen: u64,
}

/// CPU time between two snapshots.
pub(crate) struct Spent {
    /// Seconds, by group.
    pub(crate) seconds: Vec<(Group, f64)>,
    /// Of all cores' time, the share in which they did anything.
    pub(crate) busy_share: f64,
    /// Of all cores' time, the share that the hypervisor gave to other machines.
    pub(crate) stolen_share: f64,
}

/// A line of `/proc/<pid>/stat`.
struct Process {
    pid: i32,
    parent: i32,
    started: u64,
    ticks: u64,
    /// Of its children that have ended.
    children_ticks: u64,
}

impl Meter {
    pub(crate) fn new(system: &System, observers: Vec<i32>) -> Result<Self> {
        let mut roots = HashMap::from([(std::process::id() as i32, Group::LoadGenerator)]);
        let mut postmaster = 0;
        for part in system.parts() {
            let Some(process) = part.process() else {
                return Err(Error::Other(format!("{} has ended; its log is {:?}", part.name(), part.log())));
            };
            let group = match part.name() {
                "postgres" => {
                    postmaster = process.pid;
                    continue;
                }
                "gateway" => Group::Gateway,
                name if name.starts_with("orders") => Group::OrdersService,
                name if name.starts_with("payments") => Group::PaymentsService,
                _ => Group::RabbitMq,
            };
            roots.insert(process.pid, group);
        }
        let Addresses { orders_database, payments_database, .. } = system.addresses();
        let in_title = |url: &str| format!(" {} ", url.rsplit('/').next().unwrap_or_default());
        Ok(Self {
            roots,
            postmaster,
            orders_database: in_title(orders_database),
            payments_database: in_title(payments_database),
            observers,
        })
    }

    /// Whose each process is that runs now, by its id.
    pub(crate) fn groups(&self) -> HashMap<i32, Group> {
        let all = by_id(processes());
        all.values().filter_map(|process| Some((process.pid, self.group_of(process, &all)?))).collect()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let all = by_id(processes());
        let mut snapshot = Snapshot { processes: HashMap::new(), postgres: 0, machine: MachineTime::read() };
        for process in all.values() {
            let Some(group) = self.group_of(process, &all) else {
                continue;
            };
            if process.pid == self.postmaster {
                snapshot.postgres += process.children_ticks;
            }
            if self.is_postgres(process) {
                snapshot.postgres += process.ticks;
            }
            snapshot.processes.insert((process.pid, process.started), (group, process.ticks));
        }
        snapshot
    }

    fn group_of(&self, process: &Process, all: &HashMap<i32, Process>) -> Option<Group> {
        if self.is_postgres(process) {
            return Some(self.group_of_postgres(process.pid));
        }
        // What this program started and nobody else owns (its watchdog) is not its own work.
        if self.roots.get(&process.pid) == Some(&Group::LoadGenerator) {
            return Some(Group::LoadGenerator);
        }
        let mut ancestor = process;
        loop {
            match self.roots.get(&ancestor.pid) {
                Some(Group::LoadGenerator) => return None,
                Some(group) => return Some(*group),
                None => ancestor = all.get(&ancestor.parent)?,
            }
        }
    }

    fn is_postgres(&self, process: &Process) -> bool {
        process.pid == self.postmaster || process.parent == self.postmaster
    }

    fn group_of_postgres(&self, pid: i32) -> Group {
        let title = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if self.observers.contains(&pid) {
            Group::Observation
        } else if title.contains("autovacuum") {
            Group::PostgresBackground
        } else if title.contains(&self.orders_database) {
            Group::OrdersDatabase
        } else if title.contains(&self.payments_database) {
            Group::PaymentsDatabase
        } else {
            Group::PostgresBackground
        }
    }
}

impl Snapshot {
    /// What was spent since `start`.
    pub(crate) fn since(&self, start: &Self) -> Spent {
        let mut ticks: HashMap<Group, u64> = HashMap::new();
        for (id, (group, used)) in &self.processes {
            let before = start.processes.get(id).map_or(0, |(_, used)| *used);
            *ticks.entry(*group).or_default() += used.saturating_sub(before);
        }
        let of = |group: Group| ticks.get(&group).copied().unwrap_or(0);
        let backends = of(Group::OrdersDatabase) + of(Group::PaymentsDatabase) + of(Group::Observation);
        let postgres = self.postgres.saturating_sub(start.postgres);
        ticks.insert(Group::PostgresBackground, postgres.saturating_sub(backends));
        let machine = self.machine.since(start.machine);
        ticks.insert(Group::Others, machine.busy.saturating_sub(ticks.values().sum()));

        let all = (machine.busy + machine.idle + machine.stolen).max(1) as f64;
        let seconds =
            |group| (group, (TICK * ticks.get(&group).map_or(0, |ticks| *ticks as u32)).as_secs_f64());
        Spent {
            seconds: Group::ALL.map(seconds).to_vec(),
            busy_share: machine.busy as f64 / all,
            stolen_share: machine.stolen as f64 / all,
        }
    }
}

impl MachineTime {
    fn read() -> Self {
        let text = fs::read_to_string("/proc/stat").unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        // user nice system idle iowait irq softirq steal; the rest is contained in these.
        let fields: Vec<u64> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        match fields[..] {
            [user, nice, system, idle, waiting, irq, softirq, stolen, ..] => {
                Self { busy: user + nice + system + irq + softirq, idle: idle + waiting, stolen }
            }
            _ => Self::default(),
        }
    }

    fn since(self, start: Self) -> Self {
        Self {
            busy: self.busy.saturating_sub(start.busy),
            idle: self.idle.saturating_sub(start.idle),
            stolen: self.stolen.saturating_sub(start.stolen),
        }
    }
}

/// The most memory that a process has had resident since it started, in MiB.
pub(crate) fn peak_resident_mib(pid: i32) -> Option<f64> {
    memory_mib(pid, "VmHWM:")
}

/// The memory that a process has resident now, in MiB.
pub(crate) fn resident_mib(pid: i32) -> Option<f64> {
    memory_mib(pid, "VmRSS:")
}

fn memory_mib(pid: i32, field: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes: f64 = line.trim().split(' ').next()?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

fn by_id(processes: Vec<Process>) -> HashMap<i32, Process> {
    processes.into_iter().map(|process| (process.pid, process)).collect()
}

fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(Process::read).collect()
}

impl Process {
    fn read(pid: i32) -> Option<Self> {
        let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may hold spaces and parentheses itself.
        let (_, after_name) = line.rsplit_once(") ")?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        // As `man 5 proc` counts them, these begin with field 3.
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        Some(Self {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            started: number(22)?,
            ticks: number(14)? + number(15)?,
            children_ticks: number(16)? + number(17)?,
        })
    }
}

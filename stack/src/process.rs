//! Processes as the kernel shows them in `/proc`.
//!
//! A process is named by its id *and* its start time, so that an id which the kernel has given to a stranger since is
//! never mistaken for the process that we started.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// How long a process may take to vanish after SIGKILL, or to halt after SIGSTOP. The kernel needs milliseconds, and
/// seconds only when the machine is out of memory or its disk hangs.
const KERNEL_DEADLINE: Duration = Duration::from_secs(10);

/// One process, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// The process id.
    pub pid: i32,
    /// When it started, in clock ticks since the machine did (field 22 of `/proc/<pid>/stat`).
    pub started_ticks: u64,
}

impl ProcessId {
    /// The process that has this id now, if there is one.
    pub fn of(pid: i32) -> Option<Self> {
        Stat::read(pid).map(|stat| stat.id)
    }

    /// This very process.
    pub fn current() -> Self {
        let pid = Pid::this().as_raw();
        Self::of(pid).unwrap_or(Self { pid, started_ticks: 0 })
    }

    /// Whether it still runs. A zombie, which only waits for its parent to take note, does not.
    pub fn is_alive(self) -> bool {
        self.stat().is_some_and(|stat| stat.state != 'Z')
    }

    /// Sends a signal; nothing happens if the process is gone.
    pub fn signal(self, signal: Signal) {
        if self.is_alive() {
            // It may end by itself in between, which is as good.
            let _ = signal::kill(Pid::from_raw(self.pid), signal);
        }
    }

    /// Ends it and all its descendants with SIGKILL, and returns when none is left. It is halted first, so that it
    /// starts no other while its descendants are listed.
    pub fn kill_tree(self) {
        self.halt();
        let descendants = self.descendants();
        self.signal(Signal::SIGKILL);
        for descendant in &descendants {
            descendant.signal(Signal::SIGKILL);
        }
        for process in descendants.iter().chain([&self]) {
            wait_until(|| !process.is_alive());
        }
    }

    /// Ends with SIGKILL what is left of the process group that it led, and returns when nothing is. nginx's workers, for
    /// one, go on without their parent, and are nobody's descendants then.
    ///
    /// Once the group is empty, its id may be a stranger's: who cannot rule that out says by `is_ours`, which is given a
    /// process id, whom to end.
    pub fn kill_group(self, is_ours: impl Fn(i32) -> bool) {
        let members: Vec<Self> = all()
            .into_iter()
            .filter(|stat| stat.group == self.pid && stat.id != self && is_ours(stat.id.pid))
            .map(|stat| stat.id)
            .collect();
        members.iter().for_each(|member| member.signal(Signal::SIGKILL));
        members.iter().for_each(|member| wait_until(|| !member.is_alive()));
    }

    /// Halts it and all its descendants with SIGSTOP, and returns when none runs.
    pub fn pause_tree(self) {
        self.halt();
        self.descendants().into_iter().for_each(Self::halt);
    }

    /// Lets it and all its descendants go on.
    pub fn resume_tree(self) {
        for process in self.descendants().into_iter().chain([self]) {
            process.signal(Signal::SIGCONT);
        }
    }

    fn halt(self) {
        self.signal(Signal::SIGSTOP);
        wait_until(|| self.stat().is_none_or(|stat| matches!(stat.state, 'T' | 't' | 'Z')));
    }

    /// Its children, their children and so on.
    fn descendants(self) -> Vec<Self> {
        let all = all();
        let mut found = vec![self];
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            found.extend(all.iter().filter(|stat| stat.parent == parent.pid).map(|stat| stat.id));
            next += 1;
        }
        found.split_off(1)
    }

    fn stat(self) -> Option<Stat> {
        Stat::read(self.pid).filter(|stat| stat.id == self)
    }
}

/// A line of `/proc/<pid>/stat`.
struct Stat {
    id: ProcessId,
    state: char,
    parent: i32,
    group: i32,
}

impl Stat {
    fn read(pid: i32) -> Option<Self> {
        let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the program's name in parentheses; it may itself hold spaces and parentheses.
        let (_, after_name) = line.rsplit_once(") ")?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        Some(Self {
            id: ProcessId { pid, started_ticks: fields.get(19)?.parse().ok()? },
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
        })
    }
}

fn all() -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(Stat::read)
        .collect()
}

fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + KERNEL_DEADLINE;
    while !condition() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
}

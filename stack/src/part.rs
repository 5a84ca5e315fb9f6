//! One process of the system, with the verbs that people and fault tests use on it.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use tokio::time::sleep;

use crate::error::{Doing, Error, Result};
use crate::process::ProcessId;
use crate::ready::Ready;
use crate::watchdog::Watchdog;

/// How often a condition is looked at that nobody tells us of.
const POLL: Duration = Duration::from_millis(20);

/// How much of a log an error shows.
const LOG_LINES: usize = 15;

/// How a part is asked to end.
#[derive(Clone, Copy)]
pub(crate) struct StopBy {
    /// What makes it finish its work and end.
    pub(crate) signal: Signal,
    /// How long that may take.
    pub(crate) deadline: Duration,
    /// What ends it at once. It is SIGKILL but for a program that would leave something behind.
    pub(crate) at_once: Signal,
}

/// A program that runs, or that can be started (again) with the same port and data.
///
/// The verbs may be called from several tasks. That a part has ended is not an error: fault tests end parts on purpose.
/// Dropping it ends the process at once.
pub struct Part {
    name: String,
    log: PathBuf,
    ready: Ready,
    stop_by: StopBy,
    watchdog: Arc<Watchdog>,
    state: Mutex<State>,
}

struct State {
    command: Command,
    running: Option<Running>,
    /// How the latest process ended.
    ended: Option<ExitStatus>,
    /// Where the latest start's lines begin in the log.
    log_start: u64,
}

struct Running {
    child: Child,
    id: ProcessId,
}

impl Part {
    /// A part that has not been started.
    pub(crate) fn new(
        name: impl Into<String>,
        mut command: Command,
        log: PathBuf,
        ready: Ready,
        stop_by: StopBy,
        watchdog: Arc<Watchdog>,
    ) -> Result<Self> {
        let open = || {
            File::options().create(true).append(true).open(&log).doing(format!("opening {}", log.display()))
        };
        // A process group of its own keeps a terminal's Ctrl-C away: parts are stopped in order, by us.
        command.stdin(Stdio::null()).stdout(open()?).stderr(open()?).process_group(0);
        let state = Mutex::new(State { command, running: None, ended: None, log_start: 0 });
        Ok(Self { name: name.into(), log, ready, stop_by, watchdog, state })
    }

    /// The name, such as `orders-0`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that holds what it prints.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The process, if it runs.
    pub fn process(&self) -> Option<ProcessId> {
        self.state().poll().err()
    }

    /// Starts it and waits until it does its work. A part that runs already is only waited for.
    pub async fn start(&self) -> Result<()> {
        self.launch()?;
        self.wait_ready().await
    }

    /// Starts it without waiting, unless it runs.
    pub fn launch(&self) -> Result<()> {
        let mut state = self.state();
        if state.poll().is_err() {
            return Ok(());
        }
        state.log_start = fs::metadata(&self.log).map_or(0, |metadata| metadata.len());
        let child = state.command.spawn().doing(format!("starting {}", self.name))?;
        let pid = child.id() as i32;
        // Nobody but us can have reaped it, so that /proc shows it even if it has ended.
        let id = ProcessId::of(pid).unwrap_or(ProcessId { pid, started_ticks: 0 });
        self.watchdog.watch(id, self.stop_by.at_once);
        (state.running, state.ended) = (Some(Running { child, id }), None);
        Ok(())
    }

    /// Waits until it does its work; fails when it ends before, or takes too long.
    pub async fn wait_ready(&self) -> Result<()> {
        let deadline = Instant::now() + self.ready.deadline();
        loop {
            let polled = self.state().poll();
            if let Ok(status) = polled {
                return Err(self.failed(match status {
                    Some(status) => format!("has ended ({status})"),
                    None => "does not run".into(),
                }));
            }
            match self.ready.check().await {
                Ok(()) => return Ok(()),
                Err(reason) if Instant::now() > deadline => {
                    let seconds = self.ready.deadline().as_secs();
                    return Err(self.failed(format!("is not ready after {seconds} s: {reason}")));
                }
                Err(_) => sleep(POLL).await,
            }
        }
    }

    /// Ends it and its children with SIGKILL, even those that outlived it. For PostgreSQL that is the whole cluster.
    pub fn kill(&self) {
        let mut state = self.state();
        if let Some(mut running) = state.running.take() {
            running.id.kill_tree();
            running.id.kill_group(|_| true);
            state.ended = running.child.wait().ok();
        }
    }

    /// Halts it and its children with SIGSTOP: its connections stay open and nobody answers.
    pub fn pause(&self) -> Result<()> {
        self.process().map(ProcessId::pause_tree).ok_or_else(|| Error::NotRunning(self.name.clone()))
    }

    /// Lets it go on after [`Self::pause`].
    pub fn resume(&self) -> Result<()> {
        self.process().map(ProcessId::resume_tree).ok_or_else(|| Error::NotRunning(self.name.clone()))
    }

    /// Sets an environment variable, or takes it away, for the next start.
    pub fn set_environment(&self, name: &str, value: Option<&str>) {
        let command = &mut self.state().command;
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }

    /// Asks it to finish and waits until it has ended. If it does not in time, it is ended with SIGKILL, and that is an
    /// error.
    pub async fn terminate(&self) -> Result<ExitStatus> {
        self.end_by(self.stop_by.signal).await
    }

    /// Makes it end at once, with nothing finished, in the way that leaves nothing of it behind: PostgreSQL's immediate
    /// shutdown, after which its next start recovers from the log, or else SIGKILL.
    pub async fn abort(&self) -> Result<ExitStatus> {
        self.end_by(self.stop_by.at_once).await
    }

    /// Waits until it ends by itself; `None` says that it has not within `patience`.
    pub async fn ends_within(&self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            if let Ok(Some(status)) = self.state().poll() {
                return Some(status);
            }
            if Instant::now() > deadline {
                return None;
            }
            sleep(POLL).await;
        }
    }

    /// [`Self::terminate`], if it runs, then [`Self::start`].
    pub async fn restart(&self) -> Result<()> {
        if self.process().is_some() {
            self.terminate().await?;
        }
        self.start().await
    }

    /// Ends it if it runs: in good order if it can, by force if it must.
    pub(crate) async fn stop(&self) {
        if self.process().is_some() {
            let _ = self.resume();
            let _ = self.terminate().await;
        }
    }

    async fn end_by(&self, signal: Signal) -> Result<ExitStatus> {
        let process = self.process().ok_or_else(|| Error::NotRunning(self.name.clone()))?;
        process.signal(signal);
        if let Some(status) = self.ends_within(self.stop_by.deadline).await {
            return Ok(status);
        }
        self.kill();
        let seconds = self.stop_by.deadline.as_secs();
        Err(self.failed(format!("had not ended {seconds} s after {signal} and was killed")))
    }

    fn end_at_once(&self) {
        let Some(process) = self.process() else {
            return;
        };
        if self.stop_by.at_once != Signal::SIGKILL {
            process.signal(self.stop_by.at_once);
            process.resume_tree();
            let deadline = Instant::now() + self.stop_by.deadline;
            while self.process().is_some() && Instant::now() < deadline {
                std::thread::sleep(POLL);
            }
        }
        self.kill();
    }

    fn failed(&self, what: String) -> Error {
        Error::Part { part: self.name.clone(), what, log: self.log_tail() }
    }

    /// Where the log is, and the last lines that the latest start wrote.
    fn log_tail(&self) -> String {
        let mut text = Vec::new();
        let start = self.state().log_start;
        let read = File::open(&self.log).and_then(|mut log| {
            log.seek(SeekFrom::Start(start))?;
            log.read_to_end(&mut text)
        });
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        match (read, lines.is_empty()) {
            (Err(error), _) => format!("its log {} cannot be read: {error}", self.log.display()),
            (Ok(_), true) => format!("its log {} is empty", self.log.display()),
            (Ok(_), false) => {
                let tail = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n    ");
                format!("the last lines of {}:\n    {tail}", self.log.display())
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// `Err` holds the process that runs; `Ok` says that none does, and how the latest one ended.
    fn poll(&mut self) -> std::result::Result<Option<ExitStatus>, ProcessId> {
        let Some(running) = self.running.as_mut() else {
            return Ok(self.ended);
        };
        let pid = Id::Pid(Pid::from_raw(running.id.pid));
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        if let Ok(WaitStatus::StillAlive) = waitid(pid, look) {
            return Err(running.id);
        }
        // Before it is reaped: until then its id is nobody else's, nor its group's.
        running.id.kill_group(|_| true);
        self.ended = running.child.wait().ok();
        self.running = None;
        Ok(self.ended)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.end_at_once();
    }
}

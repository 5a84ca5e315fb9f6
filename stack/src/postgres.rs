//! A private PostgreSQL cluster: durable as in production, reachable from this machine only.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::{User, geteuid};
use tokio_postgres::NoTls;

use crate::error::{Doing, Error, Result};
use crate::part::{Part, StopBy};
use crate::programs;
use crate::ready::Ready;
use crate::watchdog::Watchdog;

/// The login that owns everything in the cluster, and its password. The latter is for tools that insist on one: who is
/// on this machine is trusted.
const LOGIN: &str = "gozon";

/// Durability is stated, not inherited. Two services and a benchmark work without checkpoints in between. What is written
/// leaves small buffers soon, and the kernel is asked to take it to the disk at once: left to itself, it does so every 30 s
/// in one burst, and every commit waits for that. Commits also wait while a new segment of the log is filled with zeros:
/// old ones are used again, and none is given up. When a row was committed is what the benchmark asks for.
const SETTINGS: [&str; 14] = [
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=300",
    "shared_buffers=64MB",
    "backend_flush_after=256kB",
    "min_wal_size=4GB",
    "max_wal_size=4GB",
    "track_commit_timestamp=on",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_min_messages=warning",
];

/// SIGINT is PostgreSQL's fast shutdown: it ends sessions, writes a checkpoint and needs no recovery. SIGQUIT ends it
/// at once, and, unlike SIGKILL, leaves no shared memory behind.
const STOP_BY: StopBy =
    StopBy { signal: Signal::SIGINT, deadline: Duration::from_secs(60), at_once: Signal::SIGQUIT };

/// Creates the cluster in `folder` unless it is there, and launches it.
pub(crate) fn launch(folder: &Path, port: u16, log: PathBuf, watchdog: Arc<Watchdog>) -> Result<Part> {
    let account = Account::of_server()?;
    if !folder.exists() {
        initialise(folder, account.as_ref())?;
    }
    remove_stale_lock(folder);

    let mut command = as_account(Command::new(programs::postgres("postgres")?), account.as_ref());
    command.arg("-D").arg(folder).arg("-p").arg(port.to_string()).current_dir(folder);
    for setting in SETTINGS {
        command.arg("-c").arg(setting);
    }
    let part = Part::new("postgres", command, log, Ready::Postgres { port }, STOP_BY, watchdog)?;
    part.launch()?;
    Ok(part)
}

/// The address of a database.
pub(crate) fn url(port: u16, database: &str) -> String {
    format!("postgres://{LOGIN}:{LOGIN}@127.0.0.1:{port}/{database}")
}

/// Runs one statement on the database `postgres`.
pub(crate) async fn execute(port: u16, statement: &str) -> Result<()> {
    let (client, connection) =
        tokio_postgres::connect(&url(port, "postgres"), NoTls).await.doing("connecting to it")?;
    let connection = tokio::spawn(connection);
    let result = client.simple_query(statement).await.map(drop).doing(statement);
    drop(client);
    let _ = connection.await;
    result
}

/// Creates a database unless it exists.
pub(crate) async fn create_database(port: u16, name: &str) -> Result<()> {
    match execute(port, &format!("CREATE DATABASE {name}")).await {
        Err(Error::Postgres { source, .. })
            if source.code() == Some(&tokio_postgres::error::SqlState::DUPLICATE_DATABASE) =>
        {
            Ok(())
        }
        result => result,
    }
}

/// Where the cluster of servers that keep their data in `folder` lies: below it, or, when PostgreSQL has to run as another
/// user who may not enter that, in [`folder_elsewhere`].
pub fn kept_folder(folder: &Path) -> Result<PathBuf> {
    let beside = folder.join("postgres");
    match Account::of_server()? {
        Some(account) if !account.may_enter(folder) => Ok(folder_elsewhere(folder)),
        _ => Ok(beside),
    }
}

/// A folder in /var/tmp that is named after `folder`.
pub fn folder_elsewhere(folder: &Path) -> PathBuf {
    // FNV-1a: short, and the same in every build.
    let hash = folder.as_os_str().as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    PathBuf::from(format!("/var/tmp/gozon-stack-{hash:016x}"))
}

/// Whom PostgreSQL, which refuses to be root, runs as when we are root.
struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// `None` stands for ourselves.
    fn of_server() -> Result<Option<Self>> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        match User::from_name("postgres") {
            Ok(Some(user)) => Ok(Some(Self { uid: user.uid.as_raw(), gid: user.gid.as_raw() })),
            _ => Err(Error::Setup(
                "PostgreSQL refuses to run as root, and there is no user `postgres` to run it as; create one \
                 (useradd --system postgres) or run as an ordinary user"
                    .into(),
            )),
        }
    }

    fn may_enter(&self, folder: &Path) -> bool {
        let mut command = as_account(Command::new("test"), Some(self));
        command.arg("-x").arg(folder).current_dir("/");
        command.status().is_ok_and(|status| status.success())
    }
}

/// A clean environment: the settings of some other cluster (`PGDATA`, `PGPORT`, …) are not meant for this one.
fn as_account(mut command: Command, account: Option<&Account>) -> Command {
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LC_ALL", "C");
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// Creates the cluster beside its place and moves it there, so that one whose creation was cut short is never used.
fn initialise(folder: &Path, account: Option<&Account>) -> Result<()> {
    let draft = folder.with_extension("draft");
    let _ = fs::remove_dir_all(&draft);
    let creating = format!("creating {}", draft.display());
    DirBuilder::new().mode(0o700).create(&draft).doing(&creating)?;
    if let Some(account) = account {
        chown(&draft, Some(account.uid), Some(account.gid)).doing(&creating)?;
    }
    let mut command = as_account(Command::new(programs::postgres("initdb")?), account);
    command.arg("-D").arg(&draft).args([
        "--username",
        LOGIN,
        "--auth",
        "trust",
        "--encoding",
        "UTF8",
        "--locale",
        "C",
    ]);
    // What is lost if the machine loses its power within the next second is an empty cluster.
    command.arg("--no-sync").stdin(Stdio::null()).current_dir("/");
    let output = command.output().doing("starting initdb")?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(Error::Setup(format!("initdb failed ({}):\n{reason}", output.status)));
    }
    fs::rename(&draft, folder).doing(format!("moving {} to {}", draft.display(), folder.display()))
}

/// Removes the lock file of a server that was killed, if its process id belongs to some other program by now:
/// PostgreSQL would take that for a server that runs.
fn remove_stale_lock(folder: &Path) {
    let path = folder.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&path) else {
        return;
    };
    let Some(pid) = text.lines().next() else {
        return;
    };
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    if name.trim() != "postgres" {
        let _ = fs::remove_file(path);
    }
}

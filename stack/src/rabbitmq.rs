//! A private RabbitMQ node with the management plugin, and the private `epmd` that it registers with.
//!
//! Nothing of it is shared with another RabbitMQ on the machine: ports, node registry, cookie, disk, plugins and
//! configuration are its own, and it listens on 127.0.0.1 only.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::error::{Doing, Error, Result};
use crate::part::{Part, StopBy};
use crate::ports::free_port;
use crate::programs;
use crate::ready::Ready;
use crate::watchdog::Watchdog;

/// The user that everybody logs in as, and the console's administrator.
pub(crate) const USER: &str = "user";
/// The user's password.
pub(crate) const PASSWORD: &str = "password";

const NODE: &str = "gozon@localhost";

const STOP_BY: StopBy =
    StopBy { signal: Signal::SIGTERM, deadline: Duration::from_secs(60), at_once: Signal::SIGKILL };

/// The node's ports.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) amqp: u16,
    pub(crate) console: u16,
    /// The registry's.
    pub(crate) registry: u16,
}

/// Creates the node's files in `folder` and launches first its registry, then the node.
pub(crate) fn launch(
    folder: &Path,
    ports: Ports,
    virtual_hosts: Arc<Mutex<Vec<String>>>,
    logs: &Path,
    watchdog: &Arc<Watchdog>,
) -> Result<(Part, Part)> {
    write_files(folder, ports)?;
    let mut command = Command::new(programs::epmd()?);
    command
        .args(["-port", &ports.registry.to_string(), "-address", "127.0.0.1"])
        .env_clear()
        .current_dir(folder);
    let ready = Ready::Tcp { port: ports.registry };
    let registry = Part::new("epmd", command, logs.join("epmd.log"), ready, STOP_BY, watchdog.clone())?;
    registry.launch()?;

    let command = node_command(folder, ports.registry)?;
    let ready = Ready::RabbitMq { amqp_port: ports.amqp, console_port: ports.console, virtual_hosts };
    let node = Part::new("rabbitmq", command, logs.join("rabbitmq.log"), ready, STOP_BY, watchdog.clone())?;
    node.launch()?;
    Ok((registry, node))
}

/// The address of a virtual host.
pub(crate) fn url(port: u16, virtual_host: &str) -> String {
    format!("amqp://{USER}:{PASSWORD}@127.0.0.1:{port}/{virtual_host}")
}

/// Above this share of the machine's memory the node raises its alarm and blocks who publishes, until its next start.
pub(crate) fn set_memory_limit(folder: &Path, registry_port: u16, share: f64) -> Result<()> {
    let output = Command::new(programs::rabbitmqctl()?)
        .args(["--node", NODE, "set_vm_memory_high_watermark", &share.to_string()])
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("LANG", "C.UTF-8")
        .env("HOME", folder)
        .env("ERL_EPMD_PORT", registry_port.to_string())
        .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
        .current_dir(folder)
        .output()
        .doing("starting rabbitmqctl")?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(Error::Setup(format!("rabbitmqctl failed ({}):\n{reason}", output.status)))
}

/// The folder that holds everything the broker would find again after a restart.
pub(crate) fn disk(folder: &Path) -> PathBuf {
    folder.join("disk")
}

/// Whether the node has noted on its disk where it keeps the log of each of a virtual host's queues.
///
/// It does so half a second after it has declared the last of them. If it is killed before, it knows at its next start
/// that there is a queue, but not its log, and nobody can use that queue until it is deleted. (RabbitMQ 3.10; the note is
/// the directory of its Raft library.)
pub(crate) fn has_noted(folder: &Path, virtual_host: &str, queues: &[String]) -> bool {
    let notes = fs::read(disk(folder).join(NODE).join("quorum").join(NODE).join("names.dets"));
    let notes = notes.unwrap_or_default();
    queues.iter().all(|queue| {
        // In Erlang's format a name ends where a binary begins, with an `m`: one queue's name may begin another's.
        let name = format!("{virtual_host}_{queue}m");
        notes.windows(name.len()).any(|window| window == name.as_bytes())
    })
}

/// What a quorum queue writes is flushed by the write itself, which saves a second call for each batch of messages: two hops
/// between threads. (README of the Raft library, version 2. Version 3, which RabbitMQ has since 4.3, passes it over.)
const ADVANCED_CONFIGURATION: &str = "[{ra, [{wal_write_strategy, o_sync}]}].\n";

/// Bytes. A quorum queue's log that is full is written out a second time, while everything waits: small, so
/// that nobody waits for long.
const LOG_LIMIT: u32 = 4 << 20;

fn write_files(folder: &Path, ports: Ports) -> Result<()> {
    let configuration = format!(
        "listeners.tcp.1 = 127.0.0.1:{}\n\
         management.tcp.ip = 127.0.0.1\n\
         management.tcp.port = {}\n\
         default_user = {USER}\n\
         default_pass = {PASSWORD}\n\
         default_user_tags.administrator = true\n\
         raft.wal_max_size_bytes = {LOG_LIMIT}\n\
         log.console = true\n\
         log.console.level = info\n",
        ports.amqp, ports.console
    );
    fs::create_dir_all(disk(folder)).doing(format!("creating {}", folder.display()))?;
    let files = [
        ("rabbitmq.conf", configuration.as_str()),
        ("advanced.config", ADVANCED_CONFIGURATION),
        ("plugins", "[rabbitmq_management].\n"),
    ];
    for (name, text) in files {
        fs::write(folder.join(name), text).doing(format!("writing {name} to {}", folder.display()))?;
    }
    Ok(())
}

fn node_command(folder: &Path, registry_port: u16) -> Result<Command> {
    let mut command = Command::new(programs::rabbitmq_server()?);
    command
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("LANG", "C.UTF-8")
        // Erlang keeps its cookie here.
        .env("HOME", folder)
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("ERL_EPMD_PORT", registry_port.to_string())
        .env("RABBITMQ_NODENAME", NODE)
        .env("RABBITMQ_DIST_PORT", free_port()?.to_string())
        .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}")
        .env("RABBITMQ_MNESIA_BASE", disk(folder))
        .env("RABBITMQ_LOG_BASE", folder)
        .env("RABBITMQ_LOGS", "-")
        .env("RABBITMQ_PID_FILE", folder.join("pid"))
        .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq.conf"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
        // Not the machine's /etc/rabbitmq.
        .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
        .env("RABBITMQ_ADVANCED_CONFIG_FILE", folder.join("advanced.config"))
        // Makes the script become the server instead of its parent, so that signals reach the server itself.
        .env("RUNNING_UNDER_SYSTEMD", "true")
        .current_dir(folder);
    Ok(command)
}

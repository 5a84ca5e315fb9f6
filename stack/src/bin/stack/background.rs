//! `up --detach`: the same run in a process of its own, without a terminal.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::setsid;
use stack::{Error, ProcessId, Result, Status};
use tokio::time::sleep;

use crate::report;
use crate::runner::Lock;
use crate::signals::StopSignals;
use crate::up::Options;

/// Starts the process that stays, shows what it prints, and returns when everything is ready or has failed.
pub(crate) async fn up(folder: &Path, options: &Options) -> Result<ExitCode> {
    if Lock::take(folder)?.is_none() {
        return report::already_running(folder);
    }
    let failed = |source| Error::Io { doing: "starting the process that stays".into(), source };
    let log = folder.join("logs/runner.log");
    fs::create_dir_all(folder.join("logs")).map_err(failed)?;
    let output = File::create(&log).map_err(failed)?;
    let mut shown = File::open(&log).map_err(failed)?;
    let mut child = Command::new(env::current_exe().map_err(failed)?)
        .args(arguments(folder, options))
        .stdin(Stdio::null())
        .stdout(output.try_clone().map_err(failed)?)
        .stderr(output)
        .spawn()
        .map_err(failed)?;

    match StopSignals::listen()?.or(follow(folder, &mut child, &mut shown)).await {
        Some(exit) => exit.map_err(failed),
        None => {
            // It stops in good order what it has started so far.
            if let Some(process) = ProcessId::of(child.id() as i32) {
                process.signal(Signal::SIGTERM);
            }
            child.wait().map_err(failed)?;
            copy(&mut shown).map_err(failed)?;
            Ok(ExitCode::FAILURE)
        }
    }
}

/// In the process that stays: a closing terminal, or Ctrl-C in it, is none of its business any more.
pub(crate) fn leave_terminal() {
    // It fails only for the leader of a process group, which has left its terminal's group anyway.
    let _ = setsid();
}

async fn follow(folder: &Path, child: &mut Child, shown: &mut File) -> io::Result<ExitCode> {
    loop {
        let exited = child.try_wait()?;
        let status = Status::read(folder)
            .ok()
            .flatten()
            .filter(|status| status.addresses.is_some() && status.runner.pid == child.id() as i32);
        copy(shown)?;
        if exited.is_some() {
            return Ok(ExitCode::FAILURE);
        }
        if let Some(status) = status {
            report::addresses(&status);
            println!("\nIt runs in the background; `cargo stack down` stops it.");
            return Ok(ExitCode::SUCCESS);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Prints what was written to the log since the last time.
fn copy(log: &mut File) -> io::Result<()> {
    let mut text = Vec::new();
    log.read_to_end(&mut text)?;
    io::stdout().write_all(&text)?;
    io::stdout().flush()
}

fn arguments(folder: &Path, options: &Options) -> Vec<String> {
    let Options {
        detach: _,
        background: _,
        port,
        page_port,
        grpc_port,
        console_port,
        orders_replicas,
        payments_replicas,
    } = options;
    vec![
        format!("--folder={}", folder.display()),
        "up".into(),
        "--background".into(),
        format!("--port={port}"),
        format!("--page-port={page_port}"),
        format!("--grpc-port={grpc_port}"),
        format!("--console-port={console_port}"),
        format!("--orders-replicas={orders_replicas}"),
        format!("--payments-replicas={payments_replicas}"),
    ]
}

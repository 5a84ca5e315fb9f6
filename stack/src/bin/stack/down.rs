//! `down` and `reset`.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;
use stack::{Error, Result, Status, folder_elsewhere};

use crate::runner::{Lock, end_leftovers};

/// How long everything may take to stop in good order: RabbitMQ and PostgreSQL get a minute each, at the same time.
const PATIENCE: Duration = Duration::from_secs(100);
const POLL: Duration = Duration::from_millis(5);

/// Stops a running system and waits until it is gone, or ends what a killed one left.
pub(crate) fn down(folder: &Path) -> Result<ExitCode> {
    if !folder.exists() {
        println!("Nothing runs.");
        return Ok(ExitCode::SUCCESS);
    }
    stop(folder).map(|_| ExitCode::SUCCESS)
}

/// The same, then deletes the data folder.
pub(crate) fn reset(folder: &Path) -> Result<ExitCode> {
    if folder.exists() {
        let _lock = stop(folder)?;
        delete(&folder_elsewhere(folder))?;
        delete(folder)?;
    }
    println!("There is no data.");
    Ok(ExitCode::SUCCESS)
}

fn stop(folder: &Path) -> Result<Lock> {
    if let Some(lock) = Lock::take(folder)? {
        let was_left = Status::read(folder)?.is_some();
        end_leftovers(folder)?;
        println!("{}", if was_left { "What a killed run left is stopped." } else { "Nothing runs." });
        return Ok(lock);
    }
    let Some(status) = Status::read(folder)? else {
        return Err(Error::Setup(format!(
            "{} is in use, but not by a system that runs; try again",
            folder.display()
        )));
    };
    println!("Stopping (process {})", status.runner.pid);
    status.runner.signal(Signal::SIGTERM);
    let lock = Lock::wait(folder, PATIENCE)?.ok_or_else(|| {
        Error::Setup(format!(
            "process {} did not stop in {} s; end it with kill -9",
            status.runner.pid,
            PATIENCE.as_secs()
        ))
    })?;
    // It has let go of the lock, and needs a moment to end itself.
    while status.runner.is_alive() {
        sleep(POLL);
    }
    println!("Everything is stopped.");
    Ok(lock)
}

fn delete(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(Error::Io { doing: format!("deleting {}", folder.display()), source })
        }
        _ => Ok(()),
    }
}

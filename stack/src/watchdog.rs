//! No process outlives the program that started it, even if that is ended by SIGKILL.
//!
//! A small shell script (`watchdog.sh`) runs beside us. It is told of every process that we start and holds the reading
//! end of a pipe; the kernel closes the other end when we are gone, by whatever way, and the script ends what is left.
//! The kernel's own means, a parent-death signal, would not do: it fires when the *thread* that started the process
//! ends, is lost when a process changes its user, and does not reach the children of nginx and PostgreSQL.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::Signal;

use crate::error::{Doing, Result};
use crate::process::ProcessId;

/// The script's other end. Dropping it makes the script do its work at once.
pub(crate) struct Watchdog {
    script: Mutex<Child>,
}

impl Watchdog {
    /// Starts it. The script lies in `folder`, which it deletes at the end if that is wished.
    pub(crate) fn start(folder: &Path, delete_folder: bool) -> Result<Self> {
        let path = folder.join("watchdog.sh");
        fs::write(&path, include_str!("watchdog.sh")).doing(format!("writing {}", path.display()))?;
        let script = Command::new("/bin/sh")
            .arg(path)
            .arg(if delete_folder { folder.as_os_str() } else { "".as_ref() })
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal reaches the terminal's foreground group only.
            .process_group(0)
            .spawn()
            .doing("starting the watchdog (/bin/sh)")?;
        Ok(Self { script: Mutex::new(script) })
    }

    /// Has the process ended by this signal when we are gone. SIGKILL ends its children too; a process that is to get
    /// another signal is expected to end its children itself.
    pub(crate) fn watch(&self, process: ProcessId, signal: Signal) {
        let signal = signal.as_str().trim_start_matches("SIG");
        let line = format!("{} {} {signal}\n", process.pid, process.started_ticks);
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(input) = script.stdin.as_mut() {
            // Should somebody have ended the script, this program still ends its processes itself in the usual ways.
            let _ = input.write_all(line.as_bytes());
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let script = self.script.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Closes its standard input first.
        let _ = script.wait();
    }
}

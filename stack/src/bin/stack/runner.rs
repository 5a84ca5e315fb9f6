//! Who may run a system in a data folder: one process at a time, which holds the folder's lock.
//!
//! The kernel releases the lock when that process ends, by whatever way; so what the status file says counts only while
//! the runner that it names lives, and is otherwise what a killed one left.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use stack::{Error, Result, Status};

/// The right to run a system in a folder.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes it, if nobody has it.
    pub(crate) fn take(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join("lock");
        let failed = |source| Error::Io { doing: format!("locking {}", path.display()), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Takes it when whoever has it lets go.
    pub(crate) fn wait(folder: &Path, patience: Duration) -> Result<Option<Self>> {
        let deadline = Instant::now() + patience;
        loop {
            match Self::take(folder)? {
                None if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(50)),
                taken => return Ok(taken),
            }
        }
    }
}

/// Ends what a killed runner left, known by process id and start time. Whoever calls it holds the lock.
pub(crate) fn end_leftovers(folder: &Path) -> Result<()> {
    let Some(status) = Status::read(folder)? else {
        return Ok(());
    };
    for left in &status.processes {
        if left.process.is_alive() {
            println!("Ending {} (process {}), left by a run that was killed", left.part, left.process.pid);
            left.process.kill_tree();
        }
        left.process.kill_group(|pid| works_in(pid, folder));
    }
    Status::remove(folder)
}

fn works_in(pid: i32, folder: &Path) -> bool {
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|current| current.starts_with(folder))
}

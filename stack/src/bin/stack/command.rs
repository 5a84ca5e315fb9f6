//! Commands that a verb runs in the foreground.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use stack::{Error, ProcessId, Result, workspace};
use tokio::time::sleep;

/// cargo, in the checkout. The subcommand comes next.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root());
    command
}

/// Says what is done, and does it with the output shown. Dropping the future ends the command with all its children.
pub(crate) async fn run(what: &str, command: &mut Command) -> Result<()> {
    match run_for_status(what, command).await? {
        status if status.success() => Ok(()),
        status => Err(Error::Setup(format!("{what} failed ({status}): {}", show(command)))),
    }
}

/// The same for a command that tells by its status what came of it.
pub(crate) async fn run_for_status(what: &str, command: &mut Command) -> Result<ExitStatus> {
    println!("{what}: {}", show(command));
    // In a process group of its own, so that Ctrl-C in a terminal is handled here and in one way.
    let child = command.stdin(Stdio::null()).process_group(0).spawn();
    let mut child =
        child.map_err(|source| Error::Io { doing: format!("starting {}", show(command)), source })?;
    let _end = EndWith(ProcessId::of(child.id() as i32));
    loop {
        match child.try_wait() {
            Ok(None) => sleep(Duration::from_millis(20)).await,
            Ok(Some(status)) => return Ok(status),
            Err(source) => {
                return Err(Error::Io { doing: format!("waiting for {}", show(command)), source });
            }
        }
    }
}

struct EndWith(Option<ProcessId>);

impl Drop for EndWith {
    fn drop(&mut self) {
        if let Some(process) = self.0.filter(|process| process.is_alive()) {
            process.kill_tree();
        }
    }
}

/// The command as one would type it.
fn show(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let program = program.rsplit('/').next().unwrap_or_default().to_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    [program].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}

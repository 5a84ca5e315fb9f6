//! Programs that are missing are installed from the distribution's packages when we may, and named when not.

use std::process::{Command, Stdio};

use nix::unistd::geteuid;
use stack::{Error, Program, Result};

/// Makes sure that these programs are there.
pub(crate) fn install(programs: &[Program]) -> Result<()> {
    let missing = missing(programs);
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.iter().map(|program| program.name()).collect::<Vec<_>>().join(", ");
    let packages: Vec<&str> = missing.iter().flat_map(|program| program.packages().split(' ')).collect();
    let Some(mut shell) = privileged_shell() else {
        return Err(by_hand(&names, &packages));
    };

    println!("Installing {names}: apt-get install {}", packages.join(" "));
    shell.args(["-c", include_str!("install.sh"), "install"]).args(&packages).stdin(Stdio::null());
    // Not ended on the way, unlike other commands: that could leave the package manager's database locked or damaged.
    let status = shell.status().map_err(|source| Error::Io { doing: "starting apt-get".into(), source })?;
    if status.success() && self::missing(programs).is_empty() {
        return Ok(());
    }
    Err(Error::Setup(format!("apt-get did not bring {names} ({status}); its output above says why")))
}

fn missing(programs: &[Program]) -> Vec<Program> {
    programs.iter().copied().filter(|program| !program.is_installed()).collect()
}

/// A shell that may install packages, if there is one.
fn privileged_shell() -> Option<Command> {
    let succeeds = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !succeeds("apt-get", &["--version"]) {
        None
    } else if geteuid().is_root() {
        Some(Command::new("/bin/sh"))
    } else if succeeds("sudo", &["-n", "true"]) {
        let mut command = Command::new("sudo");
        command.args(["-n", "/bin/sh"]);
        Some(command)
    } else {
        None
    }
}

fn by_hand(names: &str, packages: &[&str]) -> Error {
    Error::Setup(format!(
        "not installed: {names}. Installing takes root on Debian or Ubuntu; on those, run\n    \
         sudo apt-get install --no-install-recommends {}\nand elsewhere install them in the system's own way; then run \
         this again. (With Docker none of it is needed: docker compose up --build.)",
        packages.join(" ")
    ))
}

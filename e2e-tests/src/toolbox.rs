//! Tools of tests that are not written in Rust, as lock files have them. Each is installed once, when a test first asks for
//! it; whoever asks at the same time, from whatever process, waits.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use stack::workspace;
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// The folder of a Python's programs that has the packages of `<folder>/requirements.txt`, a folder of the checkout.
///
/// # Panics
/// If they can't be installed.
pub async fn python(folder: &str) -> PathBuf {
    install(folder, install_python).await
}

/// The folder of the programs that `<folder>/package-lock.json` names.
///
/// # Panics
/// If they can't be installed.
pub async fn node(folder: &str) -> PathBuf {
    install(folder, install_node).await
}

async fn install(folder: &str, install: fn(&Path) -> io::Result<PathBuf>) -> PathBuf {
    let folder = workspace::root().join(folder);
    let installed =
        spawn_blocking(move || install(&folder).map_err(|error| format!("{}: {error}", folder.display())));
    installed.await.expect("no panic").unwrap_or_else(|error| panic!("{error}"))
}

/// An environment is named after what is in it: other requirements, or another Python, make another one.
fn install_python(folder: &Path) -> io::Result<PathBuf> {
    let requirements = folder.join("requirements.txt");
    let mut contents = fs::read(&requirements)?;
    contents.extend(run(Command::new("python3").arg("--version"))?);
    let home = tools().join(format!("python-{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, &contents)));
    let _lock = lock(&home)?;
    // Written last, so that an installation that was interrupted begins anew.
    let done = home.join("done");
    if !done.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
        let mut pip = Command::new(home.join("bin/pip"));
        pip.args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "--only-binary",
            ":all:",
        ]);
        run(pip.arg("--requirement").arg(&requirements))?;
        File::create(done)?;
    }
    Ok(home.join("bin"))
}

fn install_node(folder: &Path) -> io::Result<PathBuf> {
    let modified = |path: &str| fs::metadata(folder.join(path)).and_then(|metadata| metadata.modified());
    let name: String =
        folder.strip_prefix(workspace::root()).unwrap_or(folder).to_string_lossy().replace('/', "-");
    let _lock = lock(&tools().join(name))?;
    // npm writes this file last.
    let installed = modified("node_modules/.package-lock.json").ok();
    if installed < Some(modified("package-lock.json")?) {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))?;
    }
    Ok(folder.join("node_modules/.bin"))
}

/// Beside what else is built.
fn tools() -> PathBuf {
    workspace::root().join("target/tools")
}

/// Keeps everybody else from installing the same until it is dropped.
fn lock(what: &Path) -> io::Result<File> {
    fs::create_dir_all(tools())?;
    let file = File::create(what.with_extension("lock"))?;
    file.lock()?;
    Ok(file)
}

fn run(command: &mut Command) -> io::Result<Vec<u8>> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{command:?} failed ({}):\n{complaint}", output.status)))
}

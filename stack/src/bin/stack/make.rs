//! What has to be built before the system can run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use stack::{Error, Program, Result, workspace};

use crate::command::{cargo, run};
use crate::install::install;

/// Builds both services; cargo knows whether there is anything to do.
///
/// The whole workspace, because cargo chooses the features of dependencies by what is built together: the services
/// alone would be built with other ones than their tests, and every dependency twice.
pub(crate) async fn services() -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--workspace", "--bins"]);
    run("Building the services", in_this_profile(&mut build)).await
}

/// Builds the services with faults built in, beside the plain ones.
pub(crate) async fn services_with_faults() -> Result<()> {
    let mut build = cargo();
    build.args([
        "build",
        "--workspace",
        "--bin",
        "orders-service-faults",
        "--bin",
        "payments-service-faults",
    ]);
    build.args(["--features", "orders-service/fault-injection,payments-service/fault-injection"]);
    run("Building services with faults", in_this_profile(&mut build)).await
}

/// A program of ours that was built with the services.
pub(crate) fn program(name: &str) -> Result<Command> {
    let this = env::current_exe();
    let this = this.map_err(|source| Error::Io { doing: "looking for this program".into(), source })?;
    Ok(Command::new(this.with_file_name(name)))
}

/// The services are looked for beside this program, which may have been built in either profile.
pub(crate) fn in_this_profile(command: &mut Command) -> &mut Command {
    if cfg!(debug_assertions) { command } else { command.arg("--release") }
}

/// Builds the page, unless it is newer than everything that it is made of.
pub(crate) async fn page() -> Result<()> {
    let built = modified(&workspace::page().join("index.html"));
    let sources = ["frontend", "contracts/schemas", "openapi.yaml", "asyncapi.yaml"];
    let newest = sources.iter().filter_map(|source| newest_source(&workspace::root().join(source))).max();
    if built.is_some() && built >= newest {
        return Ok(());
    }
    page_packages().await?;
    run("Building the page", npm().args(["run", "build"])).await
}

/// Installs what the page is built and tested with, unless that is there as the lock file says.
pub(crate) async fn page_packages() -> Result<()> {
    install(&[Program::Node])?;
    require_node_version()?;
    let installed = modified(&page_folder().join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&page_folder().join("package-lock.json")) {
        return Ok(());
    }
    run("Installing what the page is built with", npm().arg("ci")).await
}

/// npm, in the page's folder.
pub(crate) fn npm() -> Command {
    let mut command = Command::new("npm");
    command.current_dir(page_folder());
    command
}

fn page_folder() -> PathBuf {
    workspace::root().join("frontend")
}

/// The version that the page's package.json asks for; distributions may bring an older one.
fn require_node_version() -> Result<()> {
    let manifest = fs::read_to_string(page_folder().join("package.json")).unwrap_or_default();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap_or_default();
    let Some(least) = manifest["engines"]["node"].as_str().map(|range| range.trim_start_matches(">=")) else {
        return Ok(());
    };
    let output = Command::new("node").arg("--version").output();
    let output = output.map_err(|source| Error::Io { doing: "starting node".into(), source })?;
    let found = String::from_utf8_lossy(&output.stdout).trim().trim_start_matches('v').to_owned();
    if version(&found) >= version(least) {
        return Ok(());
    }
    Err(Error::Setup(format!(
        "Node.js is {found}, and building the page takes {least} or newer: see https://nodejs.org/en/download"
    )))
}

/// `20.19.1` as numbers that compare as versions do.
fn version(text: &str) -> Vec<u32> {
    text.split('.').map_while(|number| number.parse().ok()).collect()
}

/// When the newest file of those was changed that the page is built from.
fn newest_source(path: &Path) -> Option<SystemTime> {
    let Ok(entries) = fs::read_dir(path) else { return modified(path) };
    let sources = entries
        .filter_map(|entry| entry.ok())
        .filter(|entry| !matches!(entry.file_name().to_str(), Some("dist" | "node_modules")));
    sources.filter_map(|entry| newest_source(&entry.path())).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

//! The yardstick: what this machine's PostgreSQL can commit if a statement per order is all there is to do.
//!
//! pgbench inserts one order and one outbox row in one prepared statement, from 32 connections, into fresh tables on
//! the very server that the system uses. Every figure of the system is divided by it, so that runs on other machines, or
//! on this one at another hour, can be compared.

use std::path::PathBuf;
use std::process::Stdio;

use stack::Servers;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::error::{Doing, Error, Result};
use crate::machine;

const DATABASE: &str = "yardstick";
const CLIENTS: u32 = 32;
const THREADS: u32 = 2;
const TABLES: &str = include_str!("../sql/yardstick_tables.sql");
const SCRIPT: &str = include_str!("../sql/yardstick.sql");

/// The command, as it is reported.
pub(crate) fn command_line(seconds: u64) -> String {
    format!("pgbench {}", arguments(seconds).join(" "))
}

/// Transactions per second.
pub(crate) async fn measure(servers: &Servers, seconds: u64) -> Result<f64> {
    let url = servers.create_database(DATABASE).await?;
    let client = machine::connect(&url).await?;
    client.batch_execute(TABLES).await.doing("creating the yardstick's tables")?;
    client.batch_execute("CHECKPOINT").await.doing("a checkpoint")?;
    drop(client);
    let output = pgbench(&url, seconds).await?;
    servers.drop_database(DATABASE).await?;
    parse_rate(&output)
        .ok_or_else(|| Error::Other(format!("pgbench did not finish its transactions; it said:\n{output}")))
}

fn arguments(seconds: u64) -> Vec<String> {
    let text = format!("-n -M prepared -c {CLIENTS} -j {THREADS} -T {seconds} -f -");
    text.split(' ').map(str::to_owned).collect()
}

async fn pgbench(url: &str, seconds: u64) -> Result<String> {
    let mut command = Command::new(program());
    command.args(arguments(seconds)).arg(url).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let starting = "starting pgbench (Debian has it in the package postgresql, others in postgresql-contrib)";
    let mut child = command.spawn().doing(starting)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(SCRIPT.as_bytes()).await.doing("writing to pgbench")?;
    }
    let output = child.wait_with_output().await.doing("waiting for pgbench")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    // Every client says the same.
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = said.lines().take(5).collect();
    Err(Error::Other(format!("pgbench failed:\n{}", said.join("\n"))))
}

/// The newest that Debian has installed, which it keeps out of the PATH, or the one in the PATH.
fn program() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .map(|version| (version, PathBuf::from(format!("/usr/lib/postgresql/{version}/bin/pgbench"))))
        .filter(|(_, path)| path.exists())
        .max()
        .map_or_else(|| PathBuf::from("pgbench"), |(_, path)| path)
}

/// The number in `tps = 20123.4 (without initial connection time)`, if no transaction failed.
fn parse_rate(output: &str) -> Option<f64> {
    let value = |name: &str| output.lines().find_map(|line| line.strip_prefix(name));
    let failed = value("number of failed transactions: ");
    if failed.is_some_and(|failed| !failed.starts_with("0 ")) {
        return None;
    }
    value("tps = ")?.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse_rate;

    #[test]
    fn a_rate_counts_only_if_no_transaction_failed() {
        let good =
            "number of failed transactions: 0 (0.000%)\ntps = 20123.4 (without initial connection time)\n";
        assert_eq!(parse_rate(good), Some(20123.4));
        assert_eq!(parse_rate(&good.replace("0 (", "3 (")), None);
        assert_eq!(parse_rate(""), None);
    }
}

//! Where it is measured: the machine, the servers and how durable they are.

use std::fs;

use serde::{Deserialize, Serialize};
use stack::Addresses;
use tokio_postgres::{Client, NoTls};

use crate::client::{Client as Http, address_of};
use crate::error::{Doing, Result};

/// What of PostgreSQL decides what a commit costs, and whether it is one.
const SETTINGS: [&str; 11] = [
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
    "backend_flush_after",
    "min_wal_size",
    "max_wal_size",
    "max_connections",
    "commit_delay",
];

/// `user:password`, the console's login, in base64.
const CONSOLE_LOGIN: &str = "Basic dXNlcjpwYXNzd29yZA==";

/// A description that lets somebody else judge the figures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) cpu_model: String,
    pub(crate) memory_mib: u64,
    pub(crate) kernel: String,
    pub(crate) rabbitmq_version: String,
    pub(crate) postgres: Vec<(String, String)>,
}

impl Machine {
    pub(crate) async fn describe(addresses: &Addresses) -> Result<Self> {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let memory = field(&meminfo, "MemTotal").and_then(|text| text.split(' ').next()?.parse().ok());
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            cpu_model: field(&cpuinfo, "model name").unwrap_or("unknown").to_owned(),
            memory_mib: memory.unwrap_or(0_u64) / 1024,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            rabbitmq_version: rabbitmq_version(addresses).await?,
            postgres: postgres_settings(addresses).await?,
        })
    }

    /// What would lose commits, and so make the figures worthless.
    pub(crate) fn undurable(&self) -> Vec<String> {
        let durable = ["fsync", "synchronous_commit", "full_page_writes"];
        let settings = self.postgres.iter().filter(|(name, _)| durable.contains(&name.as_str()));
        settings
            .filter(|(_, value)| value != "on")
            .map(|(name, value)| format!("PostgreSQL runs with {name} = {value}: commits are not durable"))
            .collect()
    }
}

/// A connection whose task ends with it.
pub(crate) async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.doing("connecting")?;
    tokio::spawn(connection);
    Ok(client)
}

async fn postgres_settings(addresses: &Addresses) -> Result<Vec<(String, String)>> {
    let client = connect(&addresses.orders_database).await?;
    let mut settings = Vec::with_capacity(SETTINGS.len());
    for name in SETTINGS {
        let row = client.query_one("SELECT current_setting($1)", &[&name]).await;
        settings.push((name.to_owned(), row.doing("reading the settings")?.get(0)));
    }
    Ok(settings)
}

async fn rabbitmq_version(addresses: &Addresses) -> Result<String> {
    let mut console = Http::connect(address_of(&addresses.console)?).await?;
    let overview = console.text("/api/overview", CONSOLE_LOGIN).await?;
    let overview: serde_json::Value = serde_json::from_slice(&overview).unwrap_or_default();
    Ok(overview["rabbitmq_version"].as_str().unwrap_or("unknown").to_owned())
}

/// The value in `name : value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}

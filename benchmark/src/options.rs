//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use serde::{Deserialize, Serialize};

use crate::profile::ProfileOptions;
use crate::suite::{RenderOptions, SuiteOptions};

/// Measures a private system: orders per second to FINISHED, latencies, memory, CPU, and that money came out exact.
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo stack bench", bin_name = "cargo stack bench", args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    /// What to do other than one run.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// The run.
    #[command(flatten)]
    pub options: Options,
}

/// What else there is to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// Run every scenario, and write the figures, the plots and the tables into the documentation.
    Suite(SuiteOptions),
    /// Run once and record where the CPU time goes, as a flame graph.
    Profile(ProfileOptions),
    /// Write the plots and the tables anew from the figures that are there.
    Render(RenderOptions),
}

/// One run.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct Options {
    /// How long orders are sent in the window that is measured.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub seconds: u64,
    /// How long orders are sent before it, the same way; they are all final before the window begins.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub warmup_seconds: u64,
    /// Keep-alive connections. Without --rate each sends its next order as soon as the last is answered.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub connections: u32,
    /// Send so many orders per second, on a schedule that waits for nothing; latency counts from the scheduled time.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: Option<u32>,
    /// Go through the gateway instead of straight to the services.
    #[arg(long)]
    pub gateway: bool,
    /// Accounts that pay for the orders; 1 is one hot account.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub accounts: u32,
    /// No account has any money: every order is declined.
    #[arg(long)]
    pub declined: bool,
    /// Processes of each service, which the connections are spread over.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=8))]
    pub replicas: u16,
    /// So many orders were delivered before.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=100_000_000))]
    pub stored_orders: u64,
    /// So many orders wait to be paid when the window begins: their requests are in the outbox, as if the broker had been
    /// away.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=10_000_000))]
    pub backlog: u64,
    /// So many clients watch the accounts' users while orders are sent, over server-sent events.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub live_clients: u32,
    /// How long pgbench runs before and after; 0 leaves it out, and with it the ratio.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub yardstick_seconds: u64,
    /// Write the whole report to this file as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Runs a private system under a workload while faults are injected, heals it, and checks that nothing was lost or done
/// twice. Exit code 0: nothing was found; 1: a promise is broken; 2: the run was too tame to show anything.
#[derive(Clone, Debug, Parser)]
#[command(name = "cargo stack chaos", bin_name = "cargo stack chaos")]
pub struct Options {
    /// How long faults are injected.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(10..=86_400))]
    pub seconds: u64,
    /// Decides what happens and when; the same one makes the same choices. Random if it is not given.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Processes of each service.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=4))]
    pub replicas: u64,
    /// Run services with one broken rule each instead, and see whether each is caught.
    #[arg(long)]
    pub mutants: bool,
    /// With --mutants: this one only, and its control.
    #[arg(long, requires = "mutants", value_name = "NAME")]
    pub mutant: Option<String>,
    /// Where report.json and report.html are written [default: target/chaos in the checkout].
    #[arg(long, value_name = "FOLDER")]
    pub report: Option<PathBuf>,
}

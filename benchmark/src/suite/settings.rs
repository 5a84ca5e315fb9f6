//! What the suite's command line says.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::scenario::Scenario;

/// Every scenario in turn.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct SuiteOptions {
    /// How long orders are sent in each window.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub seconds: u64,
    /// How long pgbench runs between any two scenarios.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub yardstick_seconds: u64,
    /// How often all of it is done; with several, figures are medians, and their range is shown.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// Only these scenarios, and what they are compared with.
    #[arg(long, num_args = 1.., value_name = "NAME")]
    pub only: Vec<Scenario>,
    /// Multiplies what is there before a window: accounts, orders, connections, live clients. For a quick look.
    #[arg(long, default_value_t = 1.0, value_parser = scale)]
    pub scale: f64,
    /// Where it goes.
    #[command(flatten)]
    #[serde(skip)]
    pub render: RenderOptions,
}

/// Where the documentation is.
#[derive(Clone, Debug, Default, Args)]
pub struct RenderOptions {
    /// The folder with PERFORMANCE.md; figures and plots go into its folder `performance`.
    #[arg(long, value_name = "FOLDER", default_value = "docs")]
    pub docs: PathBuf,
}

impl SuiteOptions {
    /// The command that measures the same.
    pub(super) fn command(&self) -> String {
        let Self { seconds, yardstick_seconds, rounds, only, scale, render: _ } = self;
        let mut command = format!(
            "cargo stack bench suite --seconds {seconds} --yardstick-seconds {yardstick_seconds} --rounds {rounds}"
        );
        if *scale < 1.0 {
            command += &format!(" --scale {scale}");
        }
        if !only.is_empty() {
            command += " --only";
        }
        only.iter().for_each(|scenario| command += &format!(" {scenario}"));
        command
    }
}

fn scale(text: &str) -> Result<f64, String> {
    let scale: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if scale > 0.0 && scale <= 1.0 { Ok(scale) } else { Err("not above 0 and at most 1".into()) }
}

//! Runs the fault suite; `cargo stack chaos` builds what it needs before.

use std::process::ExitCode;

use clap::Parser;
use e2e_tests::chaos::{self, Options};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let verdict =
        if options.mutants { chaos::run_mutants(&options).await } else { chaos::run_once(&options).await };
    verdict.map_or_else(
        |error| {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        },
        ExitCode::from,
    )
}

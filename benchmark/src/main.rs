//! `cargo stack bench`: see the library.

use std::process::ExitCode;

use benchmark::{CommandLine, Result, Verb};
use clap::Parser;

fn main() -> ExitCode {
    match run(&CommandLine::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the figures count.
fn run(command_line: &CommandLine) -> Result<bool> {
    match &command_line.verb {
        None => {
            let report = benchmark::run(&command_line.options)?;
            print!("{report}");
            Ok(report.is_valid())
        }
        Some(Verb::Suite(options)) => benchmark::suite(options),
        Some(Verb::Render(options)) => benchmark::render(options),
    }
}

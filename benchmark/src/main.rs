//! `cargo stack bench`: see the library.

use std::process::ExitCode;

use benchmark::{CommandLine, Report, Result, Verb};
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
        None => Ok(show(&benchmark::run(&command_line.options)?)),
        Some(Verb::Profile(options)) => Ok(show(&benchmark::profile(options)?)),
        Some(Verb::Suite(options)) => benchmark::suite(options),
        Some(Verb::Render(options)) => benchmark::render(options),
    }
}

fn show(report: &Report) -> bool {
    print!("{report}");
    report.is_valid()
}

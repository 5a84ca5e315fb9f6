//! `cargo stack bench`: see the library.

use std::process::ExitCode;

use benchmark::Options;
use clap::Parser;

fn main() -> ExitCode {
    let options = Options::parse();
    match benchmark::run(&options) {
        Ok(report) => {
            print!("{report}");
            if report.is_valid() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

//! Runs payments-service; see the library for what it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    payments_service::main()
}

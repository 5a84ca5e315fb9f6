//! payments-service with crash points and mutants, for fault suites. It is never deployed.

use std::process::ExitCode;

fn main() -> ExitCode {
    payments_service::main()
}

//! Runs orders-service; see the library for what it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    orders_service::main()
}

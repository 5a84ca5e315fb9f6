//! orders-service with crash points and mutants, for fault suites. It is never deployed.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    orders_service::main().await
}

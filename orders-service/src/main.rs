//! Runs orders-service; see the library for what it does.

use std::process::ExitCode;

const DEFAULT_PORT: u16 = 8081;

#[tokio::main]
async fn main() -> ExitCode {
    service_runtime::main(DEFAULT_PORT, orders_service::run).await
}

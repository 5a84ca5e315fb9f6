//! Runs orders-service; see the library for what it does.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    orders_service::main().await
}

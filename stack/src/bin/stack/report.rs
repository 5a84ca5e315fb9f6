//! What is told about a running system.

use std::path::Path;
use std::process::ExitCode;

use stack::{Addresses, Error, Result, Status, http};

/// `status`: what runs and where, for people or for programs. It fails if nothing runs.
pub(crate) async fn status(folder: &Path, json: bool) -> Result<ExitCode> {
    let status = running(folder)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&status).expect("names, numbers and addresses are JSON"));
        return Ok(ExitCode::SUCCESS);
    }
    addresses(&status);
    println!("\n  {:<12}{:>8}", "part", "process");
    for part in &status.processes {
        let note = if part.process.is_alive() { "" } else { "  has ended" };
        println!("  {:<12}{:>8}{note}", part.part, part.process.pid);
    }
    if let Some(addresses) = &status.addresses {
        println!();
        for url in addresses.orders.iter().chain(&addresses.payments) {
            println!("  {url} is {}", if is_ready(url).await { "ready" } else { "not ready" });
        }
    }
    println!("\n  data and logs: {}", status.folder.display());
    Ok(ExitCode::SUCCESS)
}

/// Where everything of the running system is; `otherwise` are the options that lead to another one.
pub(crate) fn addresses_of(folder: &Path, otherwise: &str) -> Result<Addresses> {
    let starting = || Error::Setup("the system is still starting; try again".into());
    let found = running(folder).and_then(|status| status.addresses.ok_or_else(starting));
    found.map_err(|error| Error::Setup(format!("{error}; or say what to look at with {otherwise}")))
}

fn running(folder: &Path) -> Result<Status> {
    // Not by the lock: an `up` in this moment would take us for a system that runs.
    let status = Status::read(folder)?.filter(|status| status.runner.is_alive());
    status.ok_or_else(|| Error::Setup("nothing runs; `cargo stack up` starts it".into()))
}

/// What a second `up` says. What it asked for is there, so that it is no failure.
pub(crate) fn already_running(folder: &Path) -> Result<ExitCode> {
    println!("It runs already; `cargo stack down` stops it.");
    if let Some(status) = Status::read(folder)? {
        addresses(&status);
    }
    Ok(ExitCode::SUCCESS)
}

/// The addresses, as a table.
pub(crate) fn addresses(status: &Status) {
    let Some(addresses) = &status.addresses else {
        println!("It is starting (process {}).", status.runner.pid);
        return;
    };
    let Addresses { gateway, page, grpc, orders, payments, .. } = addresses;
    let Addresses { orders_database, payments_database, amqp, console, .. } = addresses;
    let mut table: Vec<(&str, String)> = Vec::new();
    table.extend(page.as_deref().map(|url| ("page", with_name(url))));
    table.extend(grpc.as_deref().map(|url| ("gRPC", with_name(url))));
    table.extend(gateway.as_deref().map(|url| ("gateway (API)", with_name(url))));
    table.push(("RabbitMQ console", format!("{}  (user / password)", with_name(console))));
    table.push(("orders-service", orders.join("  ")));
    table.push(("payments-service", payments.join("  ")));
    table.push(("orders database", orders_database.clone()));
    table.push(("payments database", payments_database.clone()));
    table.push(("RabbitMQ", amqp.clone()));
    for (what, address) in table {
        println!("  {what:<18}  {address}");
    }
}

/// What a browser is usually pointed at.
fn with_name(url: &str) -> String {
    url.replace("127.0.0.1", "localhost")
}

async fn is_ready(url: &str) -> bool {
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default();
    matches!(http::status("GET", port, "/health/ready", "", "").await, Ok(200))
}

//! When a part does its work.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;

use crate::http;
use crate::postgres;

/// What is asked of a part to learn whether it does its work.
pub(crate) enum Ready {
    /// It answers a query on its `postgres` database.
    Postgres {
        /// The server's port.
        port: u16,
    },
    /// It takes AMQP connections, and every virtual host that was asked for is there. Asking creates them, so that they
    /// are back when a broker was wiped.
    RabbitMq {
        /// The AMQP port.
        amqp_port: u16,
        /// The management interface's port.
        console_port: u16,
        /// The virtual hosts.
        virtual_hosts: Arc<Mutex<Vec<String>>>,
    },
    /// `GET path` on its port is answered 200.
    Http {
        /// The port.
        port: u16,
        /// The path.
        path: &'static str,
    },
    /// It takes connections.
    Tcp {
        /// The port.
        port: u16,
    },
}

impl Ready {
    /// How long it may take on a small machine that is busy with something else. It is generous: it only decides when
    /// to stop hoping.
    pub(crate) fn deadline(&self) -> Duration {
        match self {
            Self::Postgres { .. } | Self::RabbitMq { .. } => Duration::from_secs(120),
            Self::Http { .. } => Duration::from_secs(60),
            Self::Tcp { .. } => Duration::from_secs(20),
        }
    }

    /// Says why it is not ready, if it is not.
    pub(crate) async fn check(&self) -> Result<(), String> {
        match self {
            Self::Postgres { port } => {
                postgres::execute(*port, "SELECT 1").await.map_err(|error| error.to_string())
            }
            Self::RabbitMq { amqp_port, console_port, virtual_hosts } => {
                connect(*amqp_port).await?;
                let virtual_hosts = virtual_hosts.lock().unwrap_or_else(PoisonError::into_inner).clone();
                for virtual_host in virtual_hosts {
                    create_virtual_host(*console_port, &virtual_host).await?;
                }
                Ok(())
            }
            Self::Http { port, path } => expect_success("GET", *port, path, "", "").await,
            Self::Tcp { port } => connect(*port).await,
        }
    }
}

/// Creates a virtual host of RabbitMQ that its user may use; an existing one stays as it is.
pub(crate) async fn create_virtual_host(console_port: u16, name: &str) -> Result<(), String> {
    let all = r#"{"configure":".*","write":".*","read":".*"}"#;
    manage("PUT", console_port, &format!("/api/vhosts/{name}"), "{}").await?;
    manage("PUT", console_port, &format!("/api/permissions/{name}/user"), all).await
}

/// A request to RabbitMQ's management interface.
pub(crate) async fn manage(method: &str, port: u16, path: &str, body: &str) -> Result<(), String> {
    // user:password in base64.
    let headers = "Authorization: Basic dXNlcjpwYXNzd29yZA==\r\nContent-Type: application/json\r\n";
    expect_success(method, port, path, headers, body).await
}

async fn expect_success(
    method: &str,
    port: u16,
    path: &str,
    headers: &str,
    body: &str,
) -> Result<(), String> {
    match http::status(method, port, path, headers, body).await {
        Ok(200..=299) => Ok(()),
        Ok(status) => Err(format!("{method} {path} on port {port} was answered {status}")),
        Err(error) => Err(format!("{method} {path} on port {port}: {error}")),
    }
}

async fn connect(port: u16) -> Result<(), String> {
    let connected = TcpStream::connect(("127.0.0.1", port)).await;
    connected.map(drop).map_err(|error| format!("connecting to port {port}: {error}"))
}

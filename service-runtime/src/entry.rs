use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::{Config, ConfigError, StartError, env_or};

const PROBE_LIMIT: Duration = Duration::from_secs(3);

/// The `main` of a service: runs it, or, with the argument `health`, asks the one that runs at `HTTP_ADDRESS`
/// whether it is ready, so that a container needs no other program for its health check.
///
/// It ends when `run` does: nothing that still goes on, such as a migration that waits for a lock, holds it up.
pub fn main<F>(default_port: u16, run: impl FnOnce(Config) -> F) -> ExitCode
where
    F: Future<Output = Result<(), StartError>>,
{
    let runtime = Runtime::new().expect("a machine with threads and sockets");
    let outcome = runtime.block_on(outcome(default_port, run));
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn outcome<F>(default_port: u16, run: impl FnOnce(Config) -> F) -> Result<(), String>
where
    F: Future<Output = Result<(), StartError>>,
{
    match std::env::args().nth(1).as_deref() {
        None => {
            let config = Config::from_env(default_port).map_err(|error| error.to_string())?;
            run(config).await.map_err(|error| error.to_string())
        }
        Some("health") => probe(default_port).await,
        Some(other) => Err(format!("unknown argument {other:?}; there is one: health")),
    }
}

async fn probe(default_port: u16) -> Result<(), String> {
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, default_port));
    let mut address =
        env_or("HTTP_ADDRESS", default, "an address").map_err(|error: ConfigError| error.to_string())?;
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    match tokio::time::timeout(PROBE_LIMIT, ask).await {
        Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 200") => Ok(()),
        Ok(Ok(answer)) => Err(format!("not ready: {answer}")),
        Ok(Err(error)) => Err(format!("{address}: {error}")),
        Err(_) => Err(format!("{address}: no answer within {PROBE_LIMIT:?}")),
    }
}

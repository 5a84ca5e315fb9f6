//! HTTP by hand, for what no well-behaved client sends.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(30);

/// A POST with a JSON body, byte for byte.
pub fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\
         \r\n{body}"
    )
    .into()
}

/// Sends bytes to a base address and hangs up without waiting for an answer.
///
/// # Errors
/// If nobody takes them.
pub async fn send_and_hang_up(base: &str, bytes: &[u8]) -> io::Result<()> {
    let mut stream = connect(base).await?;
    stream.write_all(bytes).await?;
    // The client is gone at once, as if its machine had lost its power: what comes back meets a reset.
    stream.set_zero_linger()
}

/// Sends bytes and returns everything that comes back until the other side hangs up.
///
/// # Errors
/// If nobody takes them, or the connection breaks before it ends.
pub async fn exchange(base: &str, bytes: &[u8]) -> io::Result<String> {
    let conversation = async {
        let mut stream = connect(base).await?;
        stream.write_all(bytes).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    timeout(LIMIT, conversation).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn connect(base: &str) -> io::Result<TcpStream> {
    let address = base.trim_start_matches("http://").trim_end_matches('/');
    TcpStream::connect(address).await
}

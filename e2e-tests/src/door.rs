//! A way to the gateway on which things go wrong, for clients that ought to cope.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What can happen to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It is served, and the answer is lost: the connection ends without one.
    AnswerLost,
    /// It is answered with this status and these headers, and this body, and nobody else learns of it.
    Answered(&'static str, &'static str),
}

/// A request, as it came.
#[derive(Clone, Debug)]
pub struct Knock {
    /// The method and what the path begins with: `POST /orders/create`.
    pub kind: String,
    /// Its Idempotency-Key.
    pub key: Option<String>,
    /// When it came.
    pub at: Instant,
}

/// Listens on a port of its own until it is dropped. A connection is good for one request.
pub struct Door {
    base: String,
    knocks: Arc<Mutex<Vec<Knock>>>,
    acceptor: JoinHandle<()>,
}

/// What happens to the nth request of a kind, counted from 0.
type Plan = fn(kind: &str, nth: usize) -> Option<Mishap>;

impl Door {
    /// Opens a door to `base`.
    ///
    /// # Panics
    /// If the machine has no port left.
    pub async fn open(base: &str, plan: Plan) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let own_base = format!("http://{}", listener.local_addr().expect("an address"));
        let knocks: Arc<Mutex<Vec<Knock>>> = Arc::default();
        let (gateway, log) = (base.trim_start_matches("http://").to_owned(), Arc::clone(&knocks));
        let acceptor = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (gateway, log) = (gateway.clone(), Arc::clone(&log));
                // A client that goes away is not the door's trouble.
                tokio::spawn(async move { serve(client, &gateway, plan, &log).await.ok() });
            }
        });
        Self { base: own_base, knocks, acceptor }
    }

    /// Where it is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The requests of a kind, in order.
    pub fn knocks(&self, kind: &str) -> Vec<Knock> {
        let knocks = self.knocks.lock().unwrap_or_else(PoisonError::into_inner);
        knocks.iter().filter(|knock| knock.kind == kind).cloned().collect()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

async fn serve(mut client: TcpStream, gateway: &str, plan: Plan, log: &Mutex<Vec<Knock>>) -> io::Result<()> {
    let Some((head, body)) = read_request(&mut client).await? else { return Ok(()) };
    let knock = Knock { kind: kind_of(&head), key: header(&head, "idempotency-key"), at: Instant::now() };
    let nth = {
        let mut knocks = log.lock().unwrap_or_else(PoisonError::into_inner);
        knocks.push(knock.clone());
        knocks.iter().filter(|earlier| earlier.kind == knock.kind).count() - 1
    };
    let answer = match plan(&knock.kind, nth) {
        Some(Mishap::Answered(head, body)) => {
            let length = body.len();
            format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").into()
        }
        Some(Mishap::AnswerLost) => {
            ask(gateway, &head, &body).await?;
            Vec::new()
        }
        None => ask(gateway, &head, &body).await?,
    };
    client.write_all(&answer).await?;
    client.shutdown().await
}

/// The head without its last empty line, and the body; nothing if the client has hung up.
async fn read_request(client: &mut TcpStream) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    loop {
        if client.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let length = header(&head, "content-length").map_or(0, |length| length.parse().expect("a length"));
        let mut body = bytes.split_off(end + 4);
        while body.len() < length {
            if client.read_buf(&mut body).await? == 0 {
                return Ok(None);
            }
        }
        return Ok(Some((head, body)));
    }
}

/// The gateway's answer, byte for byte.
async fn ask(gateway: &str, head: &str, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(gateway).await?;
    let kept = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let request: String = kept.chain(["Connection: close", "", ""]).collect::<Vec<_>>().join("\r\n");
    stream.write_all(&[request.as_bytes(), body].concat()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

fn kind_of(head: &str) -> String {
    let line = head.lines().next().unwrap_or_default();
    line.split('/').take(3).collect::<Vec<_>>().join("/")
}

fn header(head: &str, name: &str) -> Option<String> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut values = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
    values.next().map(|(_, value)| value.trim().to_owned())
}

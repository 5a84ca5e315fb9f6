//! A TCP proxy in front of one address, with the faults that a network has.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::error::{Doing, Result};

/// Bytes that are forwarded at once, at most.
const CHUNK: usize = 64 * 1024;

/// The pause after a connection could not be accepted, for want of file descriptors for example.
const ACCEPT_RETRY: Duration = Duration::from_millis(20);

/// Which way bytes go through a [`Link`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From who connected to the server.
    ToServer,
    /// From the server to who connected.
    ToClient,
}

/// A line to a server that can be made to fail.
///
/// Clients connect to [`Self::port`] of 127.0.0.1 in the server's stead. A new link passes everything; each verb replaces
/// what an earlier one set. What a client has sent is not lost by a verb that holds it back, only by one that resets.
/// Dropping the link resets its connections. It works in tasks of the runtime that it was started in.
pub struct Link {
    port: u16,
    state: Arc<watch::Sender<State>>,
    acceptor: JoinHandle<()>,
}

/// What all connections of a link obey.
#[derive(Clone, Copy, Default)]
struct State {
    mode: Mode,
    /// Bytes that may still pass to the server and to the client before the link is cut.
    left: [Option<u64>; 2],
    /// Connections made before the latest reset end.
    resets: usize,
    cuts: usize,
}

#[derive(Clone, Copy, Default)]
enum Mode {
    #[default]
    Pass,
    Refuse,
    Stall,
    OneWay(Direction),
    Delay(Duration),
}

impl Link {
    /// Starts to listen for connections to `server`, on a port that it keeps as long as it lives.
    pub async fn start(server: SocketAddr) -> Result<Self> {
        let doing = || format!("listening for connections to {server}");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.doing(doing())?;
        let port = listener.local_addr().doing(doing())?.port();
        let state = Arc::new(watch::Sender::new(State::default()));
        let acceptor = tokio::spawn(accept(listener, server, Arc::clone(&state)));
        Ok(Self { port, state, acceptor })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Heals it: everything passes, what was held back first, and no cut is to come.
    pub fn pass(&self) {
        self.set(Mode::Pass);
    }

    /// Resets every connection, and each new one as soon as it is made.
    pub fn refuse(&self) {
        self.set(Mode::Refuse);
        self.reset();
    }

    /// Resets every connection, on both sides. New ones are treated as before.
    pub fn reset(&self) {
        self.state.send_modify(|state| state.resets += 1);
    }

    /// Makes it a black hole: connections stay open and new ones are accepted, but nothing is read or forwarded, not even
    /// that somebody hung up.
    pub fn stall(&self) {
        self.set(Mode::Stall);
    }

    /// Forwards in this direction only; the other one is a black hole.
    pub fn one_way(&self, open: Direction) {
        self.set(Mode::OneWay(open));
    }

    /// Holds every chunk back for this long. Their order is kept.
    pub fn delay(&self, delay: Duration) {
        self.set(Mode::Delay(delay));
    }

    /// Lets that many more bytes pass in a direction, counted over all connections, and then resets every connection, once.
    /// After 0 bytes to the client, the next thing that a client asks for is done by the server and never answered.
    pub fn cut_after(&self, direction: Direction, bytes: u64) {
        self.state.send_modify(|state| state.left[direction as usize] = Some(bytes));
    }

    /// How often it was cut by [`Self::cut_after`].
    pub fn cuts(&self) -> usize {
        self.state.borrow().cuts
    }

    fn set(&self, mode: Mode) {
        self.state.send_modify(|state| (state.mode, state.left) = (mode, [None; 2]));
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.acceptor.abort();
        self.reset();
    }
}

impl Mode {
    fn passes(self, direction: Direction) -> bool {
        match self {
            Self::Pass | Self::Delay(_) => true,
            Self::OneWay(open) => open == direction,
            Self::Refuse | Self::Stall => false,
        }
    }
}

impl State {
    /// How many of `length` bytes may pass; that may cut the link.
    fn take(&mut self, direction: Direction, length: usize) -> usize {
        match &mut self.left[direction as usize] {
            None => length,
            Some(left) if *left > length as u64 => {
                *left -= length as u64;
                length
            }
            Some(left) => {
                let last = *left as usize;
                self.left[direction as usize] = None;
                self.cuts += 1;
                last
            }
        }
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, state: Arc<watch::Sender<State>>) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            sleep(ACCEPT_RETRY).await;
            continue;
        };
        let resets = state.borrow().resets;
        tokio::spawn(serve(client, server, Arc::clone(&state), resets));
    }
}

/// One connection, until both sides have hung up or it is reset.
async fn serve(mut client: TcpStream, server: SocketAddr, state: Arc<watch::Sender<State>>, resets: usize) {
    let mut upstream = None;
    let mut reset = state.subscribe();
    let done = tokio::select! {
        biased;
        _ = reset.wait_for(|state| state.resets != resets || matches!(state.mode, Mode::Refuse)) => {
            Err(io::ErrorKind::ConnectionReset.into())
        }
        done = forward(&mut client, &mut upstream, server, &state) => done,
    };
    if done.is_err() {
        // Closing them now is a reset, whatever is in their buffers.
        for stream in [Some(client), upstream].into_iter().flatten() {
            let _ = stream.set_zero_linger();
        }
    }
}

async fn forward(
    client: &mut TcpStream,
    upstream: &mut Option<TcpStream>,
    server: SocketAddr,
    state: &watch::Sender<State>,
) -> io::Result<()> {
    for direction in [Direction::ToServer, Direction::ToClient] {
        until_passing(state, direction).await;
    }
    let upstream = upstream.insert(TcpStream::connect(server).await?);
    client.set_nodelay(true)?;
    upstream.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = upstream.split();
    tokio::try_join!(
        pump(from_client, to_server, Direction::ToServer, state),
        pump(from_server, to_client, Direction::ToClient, state),
    )?;
    Ok(())
}

/// Forwards in one direction until the sender hangs up; an error is a reset.
async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    direction: Direction,
    state: &watch::Sender<State>,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        until_passing(state, direction).await;
        let length = from.read(&mut chunk).await?;
        let mode = state.borrow().mode;
        if let Mode::Delay(delay) = mode {
            sleep(delay).await;
        }
        // That may have changed while there was nothing to read.
        until_passing(state, direction).await;
        if length == 0 {
            return to.shutdown().await;
        }
        let mut passing = 0;
        let mut is_cut = false;
        state.send_if_modified(|state| {
            let cuts = state.cuts;
            passing = state.take(direction, length);
            is_cut = state.cuts > cuts;
            false
        });
        to.write_all(&chunk[..passing]).await?;
        if is_cut {
            state.send_modify(|state| state.resets += 1);
            return Err(io::ErrorKind::ConnectionReset.into());
        }
    }
}

async fn until_passing(state: &watch::Sender<State>, direction: Direction) {
    // It fails only without a sender, and here is one.
    let _ = state.subscribe().wait_for(|state| state.mode.passes(direction)).await;
}

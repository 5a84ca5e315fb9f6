//! Links: what each verb does to connections, seen from both ends.

use std::io;
use std::time::{Duration, Instant};

use stack::{Direction, Link};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// What nobody answers within this time is taken for held back.
const SILENCE: Duration = Duration::from_millis(300);

/// A link, and the listener it leads to.
struct Line {
    link: Link,
    server: TcpListener,
}

impl Line {
    async fn new() -> Self {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { link: Link::start(server.local_addr().unwrap()).await.unwrap(), server }
    }

    async fn dial(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.link.port())).await.unwrap()
    }

    /// Both ends of a connection through the link: the client's and the server's.
    async fn connect(&self) -> (TcpStream, TcpStream) {
        let client = self.dial().await;
        (client, self.server.accept().await.unwrap().0)
    }
}

/// Sends a text one way and reads it at the other end.
async fn carries(from: &mut TcpStream, to: &mut TcpStream, text: &str) {
    from.write_all(text.as_bytes()).await.unwrap();
    assert_eq!(read(to, text.len()).await, text);
}

async fn read(stream: &mut TcpStream, length: usize) -> String {
    let mut text = vec![0; length];
    stream.read_exact(&mut text).await.unwrap();
    String::from_utf8(text).unwrap()
}

async fn assert_silent(stream: &mut TcpStream) {
    timeout(SILENCE, stream.read_u8()).await.expect_err("nothing comes through");
}

async fn assert_reset(stream: &mut TcpStream) {
    let error = stream.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

/// Goal: a link that nobody touches is as good as none. Method: more than fits any buffer both ways, then each side hangs
/// up in turn, and the other one can still speak.
#[tokio::test]
async fn untouched_link_carries_everything_both_ways() {
    let line = Line::new().await;
    let (mut client, mut server) = line.connect().await;
    let much = "0123456789".repeat(500_000);
    let echo = async {
        let text = read(&mut server, much.len()).await;
        server.write_all(text.as_bytes()).await.unwrap();
    };
    let (mut answer, mut question) = client.split();
    let mut back = vec![0; much.len()];
    let ask = async { question.write_all(much.as_bytes()).await.unwrap() };
    tokio::join!(ask, echo, async { answer.read_exact(&mut back).await.unwrap() });
    assert!(back == much.as_bytes());

    client.shutdown().await.unwrap();
    assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    carries(&mut server, &mut client, "still here").await;
    drop(server);
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
}

/// Goal: a reset is one, at both ends, and passes.
#[tokio::test]
async fn reset_link_breaks_its_connections_and_carries_new_ones() {
    let line = Line::new().await;
    let (mut client, mut server) = line.connect().await;
    carries(&mut client, &mut server, "before").await;
    line.link.reset();
    assert_reset(&mut client).await;
    assert_reset(&mut server).await;
    let (mut client, mut server) = line.connect().await;
    carries(&mut client, &mut server, "after").await;
}

/// Goal: a link that refuses breaks what there is and what comes, until it passes again.
#[tokio::test]
async fn refusing_link_breaks_old_and_new_connections() {
    let line = Line::new().await;
    let (mut old, _server) = line.connect().await;
    line.link.refuse();
    assert_reset(&mut old).await;
    assert_reset(&mut line.dial().await).await;
    line.link.pass();
    let (mut client, mut server) = line.connect().await;
    carries(&mut client, &mut server, "after").await;
}

/// Goal: a black hole says nothing, not even that it is one, and gives back what it held. Method: a connection from
/// before and one from meanwhile; a byte that is sent and a client that hangs up meanwhile.
#[tokio::test]
async fn stalled_link_holds_everything_back_until_it_passes() {
    let line = Line::new().await;
    let (mut client, mut server) = line.connect().await;
    line.link.stall();
    client.write_all(b"held").await.unwrap();
    drop(client);
    let mut late = line.dial().await;
    late.write_all(b"late").await.unwrap();
    assert_silent(&mut server).await;
    timeout(SILENCE, line.server.accept()).await.expect_err("nobody gets through");

    line.link.pass();
    assert_eq!(read(&mut server, 4).await, "held");
    assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    let (mut server, _) = line.server.accept().await.unwrap();
    assert_eq!(read(&mut server, 4).await, "late");
}

/// Goal: each direction can be open alone.
#[tokio::test]
async fn one_way_link_carries_one_direction() {
    let line = Line::new().await;
    let (mut client, mut server) = line.connect().await;
    line.link.one_way(Direction::ToServer);
    carries(&mut client, &mut server, "question").await;
    server.write_all(b"answer").await.unwrap();
    assert_silent(&mut client).await;

    line.link.one_way(Direction::ToClient);
    assert_eq!(read(&mut client, 6).await, "answer");
    client.write_all(b"question").await.unwrap();
    assert_silent(&mut server).await;
    line.link.pass();
    assert_eq!(read(&mut server, 8).await, "question");
}

/// Goal: what is delayed comes late, and in order.
#[tokio::test]
async fn delayed_chunks_keep_their_order() {
    let line = Line::new().await;
    let (mut client, mut server) = line.connect().await;
    let delay = Duration::from_millis(50);
    line.link.delay(delay);
    let begun = Instant::now();
    for digit in "0123456789".chars() {
        client.write_all(digit.to_string().as_bytes()).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(read(&mut server, 10).await, "0123456789");
    assert!(begun.elapsed() >= delay);
}

/// Goal: a cut comes after as many bytes as were granted, in the direction that was meant, once, and is counted. Method:
/// the server gets a whole question, and its answer is lost; then a question that is cut in its middle.
#[tokio::test]
async fn cut_link_loses_what_follows_the_granted_bytes() {
    let line = Line::new().await;
    let (mut client, mut server) = line.connect().await;
    let (mut bystander, _other_end) = line.connect().await;
    line.link.cut_after(Direction::ToClient, 0);
    carries(&mut client, &mut server, "COMMIT").await;
    assert_eq!(line.link.cuts(), 0);
    server.write_all(b"done").await.unwrap();
    assert_reset(&mut client).await;
    assert_reset(&mut server).await;
    assert_reset(&mut bystander).await;
    assert_eq!(line.link.cuts(), 1);

    let (mut client, mut server) = line.connect().await;
    line.link.cut_after(Direction::ToServer, 3);
    carries(&mut client, &mut server, "CO").await;
    carries(&mut server, &mut client, "go on").await;
    client.write_all(b"MMIT").await.unwrap();
    assert_eq!(read(&mut server, 1).await, "M");
    assert_reset(&mut server).await;
    assert_eq!(line.link.cuts(), 2);

    let (mut client, mut server) = line.connect().await;
    carries(&mut client, &mut server, "COMMIT").await;
    line.link.cut_after(Direction::ToServer, 3);
    line.link.pass();
    carries(&mut client, &mut server, "COMMIT").await;
    assert_eq!(line.link.cuts(), 2);
}

/// Goal: a link to a server that is down fails as the server would, and works when that is back.
#[tokio::test]
async fn link_to_a_server_that_is_down_breaks_connections() {
    let Line { link, server } = Line::new().await;
    let address = server.local_addr().unwrap();
    drop(server);
    let dial = async || TcpStream::connect(("127.0.0.1", link.port())).await.unwrap();
    assert_reset(&mut dial().await).await;
    let server = TcpListener::bind(address).await.unwrap();
    let mut client = dial().await;
    let (mut server, _) = server.accept().await.unwrap();
    carries(&mut client, &mut server, "back").await;
}

/// Goal: a link that is dropped is gone.
#[tokio::test]
async fn dropped_link_breaks_its_connections_and_listens_no_more() {
    let Line { link, server } = Line::new().await;
    let port = link.port();
    let mut client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let _server = server.accept().await.unwrap();
    drop(link);
    assert_reset(&mut client).await;
    while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

//! A way to the broker that stops leading back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// The address of a proxy for one connection: once the client has sent `text`, it gets no more answers, while the broker
/// still gets all that the client says.
pub(crate) async fn hiding_answers(amqp_url: &str, text: String) -> String {
    let (_, place) = amqp_url.rsplit_once('@').unwrap();
    let (broker, _) = place.split_once('/').unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = amqp_url.replace(broker, &listener.local_addr().unwrap().to_string());
    let broker = broker.to_owned();
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let broker = TcpStream::connect(broker).await.unwrap();
        let ((from_client, to_client), (from_broker, to_broker)) = (client.into_split(), broker.into_split());
        let is_hiding = Arc::new(AtomicBool::new(false));
        tokio::spawn(answer(from_broker, to_client, is_hiding.clone()));
        ask(from_client, to_broker, text, is_hiding).await;
    });
    url
}

async fn ask(
    mut client: OwnedReadHalf,
    mut broker: OwnedWriteHalf,
    text: String,
    is_hiding: Arc<AtomicBool>,
) {
    let (mut said, mut piece) = (Vec::new(), Vec::with_capacity(64 << 10));
    while client.read_buf(&mut piece).await.is_ok_and(|bytes| bytes > 0) {
        said.extend_from_slice(&piece);
        if said.windows(text.len()).any(|bytes| bytes == text.as_bytes()) {
            is_hiding.store(true, Ordering::SeqCst);
        }
        broker.write_all(&piece).await.unwrap();
        piece.clear();
    }
}

async fn answer(mut broker: OwnedReadHalf, mut client: OwnedWriteHalf, is_hiding: Arc<AtomicBool>) {
    let mut piece = Vec::with_capacity(64 << 10);
    while broker.read_buf(&mut piece).await.is_ok_and(|bytes| bytes > 0) {
        // The client may be gone: that is what the test is about.
        if !is_hiding.load(Ordering::SeqCst) && client.write_all(&piece).await.is_err() {
            break;
        }
        piece.clear();
    }
}

//! Messages over a WebSocket.

use std::time::Duration;

use actix_ws::{CloseCode, CloseReason, Closed, MessageStream, Session};
use futures_util::StreamExt;
use tokio::time::{Instant, interval_at, timeout};

use super::hub::{Message, Subscription};
use super::watch::HEARTBEAT;

/// How long a client may take to make room for a message.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// Tells the client until it goes or is let go.
pub(super) async fn serve(mut subscription: Subscription, mut session: Session, mut incoming: MessageStream) {
    for message in std::mem::take(&mut subscription.first) {
        if tell(&mut session, &message).await.is_err() {
            return;
        }
    }
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    let mut has_answered = true;
    loop {
        let told = tokio::select! {
            biased;
            message = subscription.queue.recv() => match message {
                Some(message) => tell(&mut session, &message).await,
                None => break,
            },
            received = incoming.next() => match received {
                Some(Ok(actix_ws::Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(actix_ws::Message::Ping(bytes))) => session.pong(&bytes).await,
                Some(Ok(_)) => {
                    has_answered = true;
                    Ok(())
                }
            },
            _ = heartbeat.tick() => {
                // Who has not answered the last ping is gone.
                if !std::mem::replace(&mut has_answered, false) {
                    return;
                }
                session.ping(b"").await
            }
        };
        if told.is_err() {
            return;
        }
    }
    let reason = subscription.why_closed();
    let code = if reason == "shutdown" { CloseCode::Away } else { CloseCode::Again };
    let close = CloseReason { code, description: Some(reason.to_owned()) };
    // An error says that the client is gone already.
    let _ = timeout(SEND_LIMIT, session.close(Some(close))).await;
}

async fn tell(session: &mut Session, message: &Message) -> Result<(), Closed> {
    let text = serde_json::to_string(message).expect("messages are JSON");
    timeout(SEND_LIMIT, session.text(text)).await.unwrap_or(Err(Closed))
}

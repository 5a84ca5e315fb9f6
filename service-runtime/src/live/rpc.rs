//! Messages as streaming calls carry them.

use std::sync::Arc;

use futures_util::stream::{iter, unfold};
use futures_util::{Stream, StreamExt};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Hub;
use super::client::Client;
use super::hub::Message;
use super::watch::watch;
use crate::http::Problem;

/// What a client of a streaming call is told.
#[derive(Debug)]
pub enum Told {
    /// Something has happened.
    Message {
        /// Where the stream is then; empty if it ends.
        id: String,
        /// `reset`, `resumed`, `close`, or what a change is called.
        event: &'static str,
        /// The change, or an object with a `reason`.
        data: Arc<RawValue>,
    },
    /// Nothing has, for a while.
    Heartbeat,
}

/// What the clients of `user` are told, from now on, or from the message `last_id` on if that is remembered.
///
/// # Errors
/// 503 if there are too many clients.
pub fn updates(hub: &Hub, user: Uuid, last_id: &str) -> Result<impl Stream<Item = Told> + use<>, Problem> {
    let client = Client::new(watch(hub, user, last_id.parse().ok())?);
    let batches = unfold(client, async |mut client| Some((client.next().await?, client)));
    Ok(batches
        .flat_map(|messages| iter(if messages.is_empty() { vec![Told::Heartbeat] } else { told(messages) })))
}

fn told(messages: Vec<Message>) -> Vec<Told> {
    let message = |message: Message| {
        let id = message.position().map(|position| position.to_string()).unwrap_or_default();
        Told::Message { id, event: message.event, data: message.data }
    };
    messages.into_iter().map(message).collect()
}

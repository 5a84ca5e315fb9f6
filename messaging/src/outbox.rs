//! Outbox: messages commit together with the state they speak of, and are sent afterwards.
//!
//! The table's columns (`message_id, type, routing_key, payload`) are public: a caller that wants state and
//! message in a single statement may insert them itself.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::event::Event;

/// A message that waits in the outbox, or is about to.
#[derive(Debug, Clone)]
pub struct Message {
    /// The event's id.
    pub message_id: Uuid,
    /// The event's type.
    pub kind: String,
    /// Where the exchange sends it.
    pub routing_key: String,
    /// The event as JSON text.
    pub payload: String,
}

impl Message {
    /// The message that carries `event` to `routing_key`.
    pub fn new(event: &Event, routing_key: &str) -> Self {
        Self {
            message_id: event.id,
            kind: event.kind.clone(),
            routing_key: routing_key.to_owned(),
            payload: event.to_json(),
        }
    }
}

/// Writes messages within the caller's transaction; wake the relay after its commit. Returns how many are new:
/// a message whose id still waits in the outbox is not written twice.
pub async fn enqueue(conn: &mut AsyncPgConnection, messages: &[Message]) -> QueryResult<usize> {
    if messages.is_empty() {
        return Ok(0);
    }
    // One order for everybody: two transactions that write the same ids wait for each other, never in a circle.
    let mut sorted: Vec<&Message> = messages.iter().collect();
    sorted.sort_unstable_by_key(|message| message.message_id);
    Enqueue {
        message_ids: &sorted.iter().map(|message| message.message_id).collect(),
        kinds: &sorted.iter().map(|message| message.kind.as_str()).collect(),
        routing_keys: &sorted.iter().map(|message| message.routing_key.as_str()).collect(),
        payloads: &sorted.iter().map(|message| message.payload.as_str()).collect(),
    }
    .execute(conn)
    .await
}

/// How many messages wait, `limit` at most, and since when the oldest does, in milliseconds.
pub async fn backlog(conn: &mut AsyncPgConnection, limit: i64) -> QueryResult<(i64, Option<i64>)> {
    Backlog { limit: &limit }.get_result(conn).await
}

/// Deletes and returns the oldest messages that no other relay holds, `limit` at most. They come back if the
/// caller's transaction rolls back.
pub(crate) async fn claim(conn: &mut AsyncPgConnection, limit: i64) -> QueryResult<Vec<Message>> {
    let rows: Vec<(Uuid, String, String, String)> = Claim { limit: &limit }.load(conn).await?;
    Ok(rows
        .into_iter()
        .map(|(message_id, kind, routing_key, payload)| Message { message_id, kind, routing_key, payload })
        .collect())
}

crate::statement! {
    struct Enqueue {
        message_ids: Vec<uuid::Uuid> => Array<Uuid>,
        kinds: Vec<&'a str> => Array<Text>,
        routing_keys: Vec<&'a str> => Array<Text>,
        payloads: Vec<&'a str> => Array<Text>,
    } -> ()
    "-- outbox_enqueue
     INSERT INTO outbox (message_id, type, routing_key, payload)
     SELECT * FROM unnest({message_ids}, {kinds}, {routing_keys}, {payloads})
     ON CONFLICT (message_id) DO NOTHING"
}

crate::statement! {
    struct Backlog { limit: i64 => BigInt } -> (BigInt, Nullable<BigInt>)
    "-- outbox_backlog
     SELECT count(*), (extract(epoch FROM clock_timestamp() - min(created_at)) * 1000)::bigint
     FROM (SELECT created_at FROM outbox ORDER BY id LIMIT {limit}) AS oldest"
}

crate::statement! {
    struct Claim { limit: i64 => BigInt } -> (Uuid, Text, Text, Text)
    "-- outbox_claim
     DELETE FROM outbox
     WHERE id = ANY (ARRAY (SELECT id FROM outbox ORDER BY id LIMIT {limit} FOR UPDATE SKIP LOCKED))
     RETURNING message_id, type, routing_key, payload"
}

//! Outbox: messages commit together with the state they speak of, and are sent afterwards.
//!
//! The table's columns (`message_id, type, routing_key, payload`) are public: a caller that wants state and
//! message in a single statement may insert them itself.

use std::time::Duration;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::event::Event;
use crate::only_within;

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

/// A message that is in the outbox.
#[derive(Debug, Clone)]
pub struct Row {
    /// The row's id, which no other row ever has.
    pub id: i64,
    /// What it holds.
    pub message: Message,
}

/// Writes messages within the caller's transaction, and returns their rows, to be [handed over](crate::Handoff) after its
/// commit.
///
/// A message that is in the outbox already is there twice then: the other row may have been sent a while ago, and be about
/// to be deleted for that.
pub async fn enqueue(mut conn: &AsyncPgConnection, messages: Vec<Message>) -> QueryResult<Vec<Row>> {
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<(i64,)> = Enqueue {
        message_ids: &messages.iter().map(|message| message.message_id).collect(),
        kinds: &messages.iter().map(|message| message.kind.as_str()).collect(),
        routing_keys: &messages.iter().map(|message| message.routing_key.as_str()).collect(),
        payloads: &messages.iter().map(|message| message.payload.as_str()).collect(),
    }
    .load(&mut conn)
    .await?;
    // Which id is whose matters to nobody: rows that are handed over together are sent, and deleted, together.
    Ok(ids.into_iter().zip(messages).map(|((id,), message)| Row { id, message }).collect())
}

/// How many messages wait, `limit` at most, and since when the oldest does, in milliseconds.
pub async fn backlog(conn: &mut AsyncPgConnection, limit: i64) -> QueryResult<(i64, Option<i64>)> {
    Backlog { limit: &limit }.get_result(conn).await
}

/// Deletes and returns the oldest messages after a place that no other relay holds, `limit` at most, if they were written
/// `age` ago or longer. They come back if the caller's transaction, one that [began](crate::transaction::begin) with this,
/// rolls back.
pub(crate) async fn claim(
    mut conn: &AsyncPgConnection,
    after: i64,
    age: Duration,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    let claim = Claim { after: &after, age_seconds: &age.as_secs_f64(), limit: &limit };
    let rows: Vec<(i64, Uuid, String, String, String)> = claim.load(&mut conn).await?;
    Ok(rows
        .into_iter()
        .map(|(id, message_id, kind, routing_key, payload)| Row {
            id,
            message: Message { message_id, kind, routing_key, payload },
        })
        .collect())
}

crate::statement! {
    struct Enqueue {
        message_ids: Vec<uuid::Uuid> => Array<Uuid>,
        kinds: Vec<&'a str> => Array<Text>,
        routing_keys: Vec<&'a str> => Array<Text>,
        payloads: Vec<&'a str> => Array<Text>,
    } -> (BigInt,)
    "-- outbox_enqueue
     INSERT INTO outbox (message_id, type, routing_key, payload)
     SELECT * FROM unnest({message_ids}, {kinds}, {routing_keys}, {payloads})
     RETURNING id"
}

crate::statement! {
    struct Backlog { limit: i64 => BigInt } -> (BigInt, Nullable<BigInt>)
    "-- outbox_backlog
     SELECT count(*), (extract(epoch FROM clock_timestamp() - min(created_at)) * 1000)::bigint
     FROM (SELECT created_at FROM outbox ORDER BY id LIMIT {limit}) AS oldest"
}

/// Deletes what has been sent.
pub(crate) async fn forget(mut conn: &AsyncPgConnection, ids: &Vec<i64>) -> QueryResult<usize> {
    Forget { ids }.execute(&mut conn).await
}

crate::statement! {
    struct Forget { ids: Vec<i64> => Array<BigInt> } -> ()
    "-- outbox_forget
     DELETE FROM outbox WHERE id = ANY ({ids})"
}

crate::statement! {
    struct Claim { after: i64 => BigInt, age_seconds: f64 => Double, limit: i64 => BigInt }
        -> (BigInt, Uuid, Text, Text, Text)
    concat!(
        "-- outbox_claim
         DELETE FROM outbox
         WHERE id = ANY (ARRAY (SELECT id FROM outbox WHERE ",
        only_within!(),
        " AND id > {after} AND created_at <= statement_timestamp() - {age_seconds} * interval '1 second'
             ORDER BY id LIMIT {limit} FOR UPDATE SKIP LOCKED))
         RETURNING id, message_id, type, routing_key, payload"
    )
}

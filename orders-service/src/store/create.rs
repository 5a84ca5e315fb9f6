//! Creating orders, a whole batch with its outbox messages in one statement.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use messaging::outbox::Row;
use tracing::warn;
use uuid::Uuid;

use crate::domain::{NewOrder, Order, payment_request};

/// An order to create, with the id and the time that it will have.
pub(crate) struct Candidate {
    pub id: Uuid,
    pub created_at: DateTime<Utc>,
    pub order: NewOrder,
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Creation {
    Created(Order),
    /// The same key created the same before: the first answer again, whatever has happened to the order since.
    Replayed(Order),
    /// The key created something else before.
    KeyReused,
    /// Not created: this process's clock is too far behind the database's.
    ClockBehind,
    /// Not created, and what its key created before could not be read.
    Unresolved,
}

/// Creates `candidates` and asks for their payments, all or none, and says what came of each, in their order, with the
/// requests as they are in the outbox.
///
/// One statement, and so one round trip and one transaction of its own; a second one, read-only, if a key was
/// used before. Unless `repeats` are expected no key must have been, which takes the server less.
///
/// # Errors
/// Nothing was created, if it is the server that says so; a unique violation if there was an unexpected repeat.
pub(crate) async fn create(
    conn: &mut AsyncPgConnection,
    candidates: &[Candidate],
    repeats: bool,
) -> QueryResult<(Vec<Creation>, Vec<Row>)> {
    let (created, enqueued) = insert(conn, candidates, repeats).await?;
    let earlier = if created.len() == candidates.len() {
        Ok(HashMap::new())
    } else {
        let repeated = candidates.iter().filter(|candidate| !created.contains(&candidate.id));
        with_keys(conn, repeated)
            .await
            .inspect_err(|error| warn!(%error, "reading orders by their keys failed"))
    };
    let outcome = |Candidate { id, created_at, order }: &Candidate| {
        if created.contains(id) {
            return Creation::Created(order.created(*id, *created_at));
        }
        let Ok(earlier) = &earlier else {
            return Creation::Unresolved;
        };
        let key = (order.user_id, order.idempotency_key.as_deref().unwrap_or_default());
        match earlier.get(&(key.0, key.1.to_owned())) {
            None => Creation::ClockBehind,
            Some(Earlier { id, amount, description, created_at })
                if *amount == order.amount.minor() && description == order.description.as_str() =>
            {
                Creation::Replayed(order.created(*id, *created_at))
            }
            Some(_) => Creation::KeyReused,
        }
    };
    Ok((candidates.iter().map(outcome).collect(), enqueued))
}

/// Which orders are new, and the requests for their payments.
async fn insert(
    conn: &mut AsyncPgConnection,
    candidates: &[Candidate],
    repeats: bool,
) -> QueryResult<(HashSet<Uuid>, Vec<Row>)> {
    // One order for everybody: two batches with the same keys wait for each other, never in a circle. Orders
    // without keys wait for nobody and keep their place at the end of the primary key.
    let mut sorted: Vec<&Candidate> = candidates.iter().collect();
    sorted.sort_by(|a, b| key_of(a).cmp(&key_of(b)));
    let messages: Vec<_> = sorted
        .iter()
        .map(|Candidate { id, created_at, order }| {
            let description = order.description.as_str();
            payment_request(*id, order.user_id, order.amount, description, *created_at)
        })
        .collect();
    let [first, ..] = messages.as_slice() else {
        return Ok(Default::default());
    };
    let ids = &sorted.iter().map(|candidate| candidate.id).collect();
    let users = &sorted.iter().map(|candidate| candidate.order.user_id).collect();
    let amounts = &sorted.iter().map(|candidate| candidate.order.amount.minor()).collect();
    let descriptions = &sorted.iter().map(|candidate| candidate.order.description.as_str()).collect();
    let keys = &sorted.iter().map(|candidate| candidate.order.idempotency_key.as_deref()).collect();
    let times = &sorted.iter().map(|candidate| candidate.created_at).collect();
    let message_ids = &messages.iter().map(|message| message.message_id).collect();
    let payloads = &messages.iter().map(|message| message.payload.as_str()).collect();
    let (kind, routing_key) = (&first.kind, &first.routing_key);
    let enqueued: Vec<(i64, Uuid)> = if repeats {
        Create { ids, users, amounts, descriptions, keys, times, message_ids, payloads, kind, routing_key }
            .load(conn)
            .await?
    } else {
        CreateNew { ids, users, amounts, descriptions, keys, times, message_ids, payloads, kind, routing_key }
            .load(conn)
            .await?
    };
    let enqueued: HashMap<Uuid, i64> =
        enqueued.into_iter().map(|(id, message_id)| (message_id, id)).collect();
    let mut created = HashSet::with_capacity(enqueued.len());
    let mut rows = Vec::with_capacity(enqueued.len());
    for (candidate, message) in sorted.into_iter().zip(messages) {
        if let Some(id) = enqueued.get(&message.message_id) {
            created.insert(candidate.id);
            rows.push(Row { id: *id, message });
        }
    }
    Ok((created, rows))
}

fn key_of(candidate: &Candidate) -> Option<(Uuid, &str)> {
    let order = &candidate.order;
    order.idempotency_key.as_deref().map(|key| (order.user_id, key))
}

/// What an order with the same key says.
struct Earlier {
    id: Uuid,
    amount: i64,
    description: String,
    created_at: DateTime<Utc>,
}

async fn with_keys(
    conn: &mut AsyncPgConnection,
    candidates: impl Iterator<Item = &Candidate>,
) -> QueryResult<HashMap<(Uuid, String), Earlier>> {
    let (users, keys): (Vec<_>, Vec<_>) = candidates.filter_map(key_of).unzip();
    // Both arrays lead into the index; pairs that nobody asked for are few and do no harm.
    let rows: Vec<(Uuid, String, Uuid, i64, String, DateTime<Utc>)> =
        WithKeys { users: &users, keys: &keys }.load(conn).await?;
    let by_key = rows.into_iter().map(|(user, key, id, amount, description, created_at)| {
        ((user, key), Earlier { id, amount, description, created_at })
    });
    Ok(by_key.collect())
}

macro_rules! create_statement {
    ($name:ident, $comment:literal, $on_conflict:literal) => {
        messaging::statement! {
            // The clock is compared because the sweep trusts that an order's id is no older than its commit by more than
            // a few seconds.
            struct $name {
                ids: Vec<uuid::Uuid> => Array<Uuid>,
                users: Vec<uuid::Uuid> => Array<Uuid>,
                amounts: Vec<i64> => Array<BigInt>,
                descriptions: Vec<&'a str> => Array<Text>,
                keys: Vec<Option<&'a str>> => Array<Nullable<Text>>,
                times: Vec<DateTime<Utc>> => Array<Timestamptz>,
                message_ids: Vec<uuid::Uuid> => Array<Uuid>,
                payloads: Vec<&'a str> => Array<Text>,
                kind: str => Text,
                routing_key: str => Text,
            } -> (BigInt, Uuid)
            concat!(
                "-- ", $comment, "
                 WITH input AS MATERIALIZED (
                     SELECT * FROM unnest({ids}, {users}, {amounts}, {descriptions}, {keys}, {times}, {message_ids}, {payloads})
                         AS input (id, user_id, amount, description, idempotency_key, created_at, message_id, payload)
                     WHERE created_at > clock_timestamp() - interval '10 seconds'
                 ), created AS (
                     INSERT INTO orders (id, user_id, amount, description, idempotency_key, created_at, updated_at)
                     SELECT id, user_id, amount, description, idempotency_key, created_at, created_at FROM input
                     ", $on_conflict, "
                     RETURNING id
                 ), queued AS (
                     INSERT INTO outbox (message_id, type, routing_key, payload)
                     SELECT message_id, {kind}, {routing_key}, payload FROM input JOIN created USING (id)
                     RETURNING id, message_id
                 )
                 SELECT id, message_id FROM queued"
            )
        }
    };
}

// Without a target, so that it covers the primary key too: a repeat is harmless.
create_statement!(Create, "orders_create", "ON CONFLICT DO NOTHING");
create_statement!(CreateNew, "orders_create_new", "");

messaging::statement! {
    struct WithKeys {
        users: Vec<uuid::Uuid> => Array<Uuid>,
        keys: Vec<&'a str> => Array<Text>,
    } -> (Uuid, Text, Uuid, BigInt, Text, Timestamptz)
    "-- orders_with_keys
     SELECT user_id, idempotency_key, id, amount, description, created_at FROM orders
     WHERE user_id = ANY ({users}) AND idempotency_key = ANY ({keys})"
}

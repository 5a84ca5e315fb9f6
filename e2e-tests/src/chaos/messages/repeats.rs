//! Real events, written again: each follows from its order, ids and all.
//!
//! A request can be repeated at any time. A result only once its order is final: what it says must be true.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::events::{
    REQUESTS_KEY, RESULTS_KEY, batch, cancel_requested, order_created, payment_failed, payment_refunded,
    payment_succeeded,
};
use crate::{Database, Forged, Order};

/// Orders whose events are repeated at a time, at most.
const MOST: i64 = 60;
/// How far back they may lie.
const MINUTES: f64 = 5.0;
const QUERY_LIMIT: Duration = Duration::from_secs(2);

const COLUMNS: &str = "id, user_id, amount, description, status, cancel_reason, \
     cancel_requested_at::text, delivery_status";

/// An order as its database knows it.
pub(super) struct Known(pub(super) Order);

impl Known {
    fn of(row: &Row) -> Self {
        Self(Order {
            id: row.get(0),
            user_id: row.get(1),
            amount: row.get(2),
            description: row.get(3),
            status: row.get(4),
            cancel_reason: row.get(5),
            cancel_requested_at: row.get(6),
            delivery_status: row.get(7),
            created_at: String::new(),
            updated_at: String::new(),
        })
    }

    /// What was asked about it.
    fn requests(&self) -> impl Iterator<Item = Value> {
        let is_to_be_cancelled = self.0.cancel_requested_at.is_some();
        let cancellation = is_to_be_cancelled.then(|| cancel_requested(&self.0));
        [order_created(&self.0)].into_iter().chain(cancellation)
    }

    /// What was decided about it.
    pub(super) fn result(&self) -> Option<Value> {
        match (self.0.status.as_str(), &self.0.cancel_reason) {
            ("FINISHED", _) => Some(payment_succeeded(&self.0)),
            ("CANCELLED", Some(reason)) if reason == "REFUNDED" => Some(payment_refunded(&self.0)),
            ("CANCELLED", Some(reason)) => Some(payment_failed(&self.0, reason)),
            _ => None,
        }
    }
}

/// Orders of one moment of the last minutes, as many as a twentieth of what these seconds brought, and more.
pub(super) async fn some_of_the_past(database: &Database, random: &mut fastrand::Rng) -> Option<Vec<Known>> {
    let query = format!("SELECT {COLUMNS} FROM orders WHERE id > $1 ORDER BY id LIMIT {MOST}");
    let mut known = query_from(database, &query, random).await?;
    random.shuffle(&mut known);
    known.truncate(MOST as usize / 2);
    Some(known)
}

/// An order that is final.
pub(super) async fn final_order(database: &Database, random: &mut fastrand::Rng) -> Option<Known> {
    let query = format!("SELECT {COLUMNS} FROM orders WHERE id > $1 AND status <> 'NEW' ORDER BY id LIMIT 1");
    query_from(database, &query, random).await?.pop()
}

async fn query_from(database: &Database, query: &str, random: &mut fastrand::Rng) -> Option<Vec<Known>> {
    let past_ms = (random.f64() * MINUTES * 60_000.0) as u64;
    // Newer ones more often: they are what is still under way.
    let from = id_before_ms(if random.bool() { past_ms } else { past_ms / 30 });
    let rows = timeout(QUERY_LIMIT, database.try_rows(query, &[&from])).await.ok()?.ok()?;
    Some(rows.iter().map(Known::of).collect())
}

/// The smallest id of an order of that moment: a UUID v7 begins with its time.
fn id_before_ms(past_ms: u64) -> Uuid {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    let then = (now.as_millis() as u64).saturating_sub(past_ms);
    uuid::Builder::from_unix_timestamp_millis(then, &[0; 10]).into_uuid()
}

/// Their events in batches of any size, shuffled, each with the number of its events.
pub(super) fn messages(known: &[Known], random: &mut fastrand::Rng) -> Vec<(Forged, usize)> {
    let mut requests: Vec<Value> = known.iter().flat_map(Known::requests).collect();
    let mut results: Vec<Value> = known.iter().filter_map(Known::result).collect();
    let mut messages = Vec::new();
    for (key, events) in [(REQUESTS_KEY, &mut requests), (RESULTS_KEY, &mut results)] {
        random.shuffle(events);
        while !events.is_empty() {
            let rest = events.split_off(random.usize(1..=20).min(events.len()));
            messages.push((Forged::batch(key, batch(events)), events.len()));
            *events = rest;
        }
    }
    random.shuffle(&mut messages);
    messages
}

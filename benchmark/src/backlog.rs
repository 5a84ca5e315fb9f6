//! Orders whose requests wait in the outbox when the window begins, as if the broker had been away until then.
//!
//! They are written as orders-service writes them, in one transaction that is committed when the window begins: until
//! then no relay sees them.

use chrono::{DateTime, SecondsFormat, Utc};
use contracts::Amount;
use contracts::events::{OrderCreated, Payload};
use futures_util::SinkExt;
use hyper::body::Bytes;
use messaging::outbox::Message;
use serde::{Deserialize, Serialize};
use stack::Addresses;
use tokio_postgres::Client;
use uuid::{ContextV7, Timestamp, Uuid};

use crate::claims::{self, ClaimSecond, Claims};
use crate::error::{Doing, Error, Result};
use crate::load::{DESCRIPTION, random_amount_minor};
use crate::machine;
use crate::tally::Accepted;

const WRITING: &str = "writing a backlog";
/// Rows that are sent at once.
const CHUNK: usize = 1000;

/// A backlog that nobody sees yet.
pub(crate) struct Backlog {
    /// Its transaction is open.
    database: Client,
    orders: Vec<Order>,
    /// The least of their ids, and the greatest.
    first: Uuid,
    last: Uuid,
    /// Of the row that holds the last request in the outbox.
    last_row: i64,
}

struct Order {
    id: Uuid,
    user: Uuid,
    amount_minor: i64,
    created_at: DateTime<Utc>,
}

impl Backlog {
    /// Writes `count` orders of `users`, random ones of random amounts as the load's are.
    pub(crate) async fn write(addresses: &Addresses, users: &[Uuid], count: u64) -> Result<Self> {
        let ids = ContextV7::new();
        let order = |_| Order {
            id: Uuid::new_v7(Timestamp::now(&ids)),
            user: users[fastrand::usize(..users.len())],
            amount_minor: random_amount_minor(),
            created_at: Utc::now(),
        };
        let orders: Vec<Order> = (0..count).map(order).collect();
        let database = machine::connect(&addresses.orders_database).await?;
        database.batch_execute("BEGIN").await.doing(WRITING)?;
        let columns = "orders (id, user_id, amount, description, created_at, updated_at)";
        copy(&database, columns, &orders, order_row).await?;
        copy(&database, "outbox (message_id, type, routing_key, payload)", &orders, outbox_row).await?;
        // As the server would know of rows that had come one by one.
        database.batch_execute("ANALYZE orders, outbox").await.doing(WRITING)?;
        let (Some(first), Some(last)) = (orders.first(), orders.last()) else {
            return Err(Error::Other("a backlog has at least one order".into()));
        };
        let query = "SELECT id FROM outbox WHERE message_id = $1";
        let last_row = database.query_one(query, &[&last.request().message_id]).await;
        let last_row = last_row.doing(WRITING)?.get(0);
        Ok(Self { database, first: first.id, last: last.id, last_row, orders })
    }

    /// Lets everybody see it, and watches how it gets less.
    pub(crate) async fn release(&self, addresses: &Addresses) -> Result<Draining> {
        self.database.batch_execute("COMMIT").await.doing(WRITING)?;
        let claims = Claims::watch(addresses, self.last_row).await?;
        let Self { first, last, .. } = *self;
        Ok(Draining { first, last, orders: self.orders.len() as u64, claims })
    }

    /// Its orders, in the order of their ids.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = Accepted> {
        self.orders.iter().map(|order| Accepted { id: order.id, amount_minor: order.amount_minor })
    }
}

/// A backlog that is being worked off.
pub(crate) struct Draining {
    /// As in [`Backlog`].
    first: Uuid,
    last: Uuid,
    orders: u64,
    claims: Claims,
}

/// How a backlog was worked off.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BacklogReport {
    pub(crate) orders: u64,
    /// From the beginning of the window until the last of its requests had left the outbox, to a second.
    pub(crate) outbox_seconds: f64,
    /// From the beginning of the window until the last of its orders was final.
    pub(crate) settled_seconds: f64,
    /// New orders that were created until then, per second; while they were sent, if that ended before.
    pub(crate) created_per_second: f64,
    /// The relay's claims until the backlog had left the outbox, without the first that ended.
    pub(crate) claims: Vec<ClaimSecond>,
    /// The mean duration of a claim in the first and in the last fifth of these.
    pub(crate) first_claims_ms: f64,
    pub(crate) last_claims_ms: f64,
}

impl Draining {
    /// What came of it, when every order is final. Orders were sent from `began`, in seconds of the epoch, for
    /// `sent_seconds`.
    pub(crate) async fn finish(
        self,
        orders: &Client,
        began: f64,
        sent_seconds: f64,
    ) -> Result<BacklogReport> {
        let claims = self.claims.finish().await?;
        let outbox_seconds = claims.last().map_or(0.0, |second| second.until_seconds);
        let fifth = claims.len().div_ceil(5);
        let until = outbox_seconds.min(sent_seconds);
        let query = "SELECT extract(epoch FROM max(settled_at) FILTER (WHERE id <= $2))::float8 - $3::float8,
                            count(*) FILTER (WHERE id > $2 AND created_at < to_timestamp($3::float8 + $4::float8))
                     FROM orders WHERE id >= $1";
        let row = orders.query_one(query, &[&self.first, &self.last, &began, &until]).await;
        let row = row.doing("asking how a backlog was worked off")?;
        Ok(BacklogReport {
            orders: self.orders,
            outbox_seconds,
            settled_seconds: row.get::<_, Option<f64>>(0).unwrap_or(0.0),
            created_per_second: row.get::<_, i64>(1) as f64 / until,
            first_claims_ms: claims::mean_ms(&claims[..fifth]),
            last_claims_ms: claims::mean_ms(&claims[claims.len() - fifth..]),
            claims,
        })
    }
}

impl Order {
    /// The message that asks for its payment.
    fn request(&self) -> Message {
        let amount = Amount::try_from(self.amount_minor).expect("the load's amounts are allowed");
        let description = DESCRIPTION.to_owned();
        OrderCreated { order_id: self.id, user_id: self.user, amount, description }.message(self.created_at)
    }
}

async fn copy(database: &Client, table: &str, orders: &[Order], row: fn(&Order) -> String) -> Result<()> {
    let sink = database.copy_in::<_, Bytes>(&format!("COPY {table} FROM STDIN")).await.doing(WRITING)?;
    let mut sink = std::pin::pin!(sink);
    for chunk in orders.chunks(CHUNK) {
        let rows: String = chunk.iter().map(row).collect();
        sink.send(rows.into()).await.doing(WRITING)?;
    }
    sink.finish().await.doing(WRITING)?;
    Ok(())
}

fn order_row(Order { id, user, amount_minor, created_at }: &Order) -> String {
    let time = created_at.to_rfc3339_opts(SecondsFormat::Micros, true);
    format!("{id}\t{user}\t{amount_minor}\t{DESCRIPTION}\t{time}\t{time}\n")
}

fn outbox_row(order: &Order) -> String {
    let message = order.request();
    // Neither JSON of such an order nor the rest has a tab, a line's end or a backslash.
    format!("{}\t{}\t{}\t{}\n", message.message_id, message.kind, message.routing_key, message.payload)
}

//! A price board that is always right: prices and the news of them commit together, and each piece of news changes the
//! board once, however often it is delivered.
//!
//! Both roles run in one process and share one database here; elsewhere they are two services with a database each.
//!
//! ```console
//! $ DATABASE_URL=postgres://… AMQP_URL=amqp://… cargo run --release -p messaging --example ticker
//! ```

use std::error::Error;

use diesel::QueryResult;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::{
    AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
};
use diesel_migrations::MigrationHarness;
use messaging::outbox::{self, Message, Row};
use messaging::{
    Broker, Connected, Consumer, Event, Handled, Handler, Pool, Queue, Reason, Received, Refusal, Relay,
    Topology,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const QUEUE: &str = "board.price-changes";
const PRICE_CHANGED: &str = "ticker.price-changed";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let shown = run(&std::env::var("DATABASE_URL")?, &std::env::var("AMQP_URL")?).await?;
    println!("the board changed {shown} times");
    Ok(())
}

/// Sends three events and returns how many changed the board.
pub(crate) async fn run(database_url: &str, amqp_url: &str) -> Result<usize, Box<dyn Error>> {
    // 1. The tables `outbox` and `inbox`, in every database that sends or receives.
    let mut harness = AsyncMigrationHarness::new(AsyncPgConnection::establish(database_url).await?);
    harness.run_pending_migrations(messaging::MIGRATIONS).map_err(|error| error.to_string())?;
    let mut conn = harness.into_inner();
    conn.batch_execute(
        "CREATE TABLE IF NOT EXISTS prices (id bigint GENERATED ALWAYS AS IDENTITY, price bigint)",
    )
    .await?;

    // 2. The exchange and the queues, the same for everybody.
    let queue = Queue { name: QUEUE.to_owned(), routing_keys: vec![PRICE_CHANGED.to_owned()] };
    let topology = Topology { exchange: "ticker".to_owned(), queues: vec![queue], announcements: vec![] };
    let broker = Broker::new(amqp_url, "ticker", topology)?;
    let pool = Pool::builder(AsyncDieselConnectionManager::new(database_url)).max_size(4).build()?;

    // 3. The relay sends what is committed; the consumer takes it through the inbox.
    let (handoff, handed) = messaging::handoff();
    let relay = Relay { pool: pool.clone(), broker: broker.clone(), handed, connected: Connected::default() };
    let (shown, mut changes) = mpsc::unbounded_channel();
    let consumer = Consumer {
        pool: pool.clone(),
        broker,
        queue: QUEUE.to_owned(),
        handoff: handoff.clone(),
        connected: Connected::default(),
        handler: Board { shown },
    };
    let shutdown = CancellationToken::new();
    let relay = tokio::spawn(relay.run(shutdown.clone()));
    let consumer = tokio::spawn(consumer.run(shutdown.clone()));

    // 4. State and message in one transaction; the hand-over after its commit.
    for price in [99, 101, 100] {
        handoff.send(conn.transaction(async |conn| set_price(conn, price).await).await?);
    }
    for _ in 0..3 {
        println!("the board shows {}", changes.recv().await.ok_or("the consumer is gone")?);
    }

    // 5. One signal ends both, in order.
    shutdown.cancel();
    consumer.await?;
    relay.await?;
    Ok(3 + changes.len())
}

async fn set_price(conn: &mut AsyncPgConnection, price: i64) -> QueryResult<Vec<Row>> {
    diesel::sql_query(format!("INSERT INTO prices (price) VALUES ({price})")).execute(conn).await?;
    let event = Event::new("ticker", PRICE_CHANGED, Uuid::now_v7(), chrono::Utc::now(), &price);
    outbox::enqueue(conn, vec![Message::new(&event, PRICE_CHANGED)]).await
}

/// Shows prices on a channel, for brevity: a real handler's effects are in the database, through `conn`.
struct Board {
    shown: mpsc::UnboundedSender<i64>,
}

impl Handler for Board {
    type Begun = ();
    type Report = ();

    async fn handle(
        &self,
        _conn: &mut AsyncPgConnection,
        events: &[Received<'_>],
        (): (),
    ) -> QueryResult<Handled> {
        let mut handled = Handled::default();
        for (index, received) in events.iter().enumerate().filter(|(_, received)| !received.duplicate) {
            match serde_json::from_str(received.event.data.get()) {
                Ok(price) => _ = self.shown.send(price),
                Err(error) => {
                    handled.refusals.push(Refusal { index, reason: Reason::new("no-price", error) });
                }
            }
        }
        Ok(handled)
    }
}

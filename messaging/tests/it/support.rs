//! A world for each test: a database with the tables, a virtual host with a queue, and what works on them.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{
    AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
};
use diesel_migrations::MigrationHarness;
use messaging::outbox::{self, Message, Row};
use messaging::{
    Broker, Connected, Consumer, Event, Handed, Handoff, Pool, Queue, Relay, Topology, handoff, inbox,
    transaction,
};
use serde_json::json;
use stack::{Servers, ServersOptions};
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use self::amqp::{Amqp, acknowledged, ids, manage};
pub(crate) use self::proxy::hiding_answers;
pub(crate) use self::recorder::Recorder;

mod amqp;
mod proxy;
mod recorder;

/// The queue of every world.
pub(crate) const QUEUE: &str = "work";
/// Leads to [`QUEUE`].
pub(crate) const KEY: &str = "work.asked";

/// Leads there too.
pub(crate) const OTHER_KEY: &str = "work.other";
/// A routing key that no queue has.
pub(crate) const ANNOUNCED: &str = "announced";

/// Longer than anything here takes, a broker's restart on a busy machine included.
const PATIENCE: Duration = Duration::from_secs(60);
const PROBE: Duration = Duration::from_millis(10);

static CALM: OnceCell<Servers> = OnceCell::const_new();
static STORMY: OnceCell<Servers> = OnceCell::const_new();
static STORM: Mutex<()> = Mutex::const_new(());

/// What one test has for itself.
pub(crate) struct World {
    pub(crate) servers: &'static Servers,
    pub(crate) virtual_host: String,
    pub(crate) amqp_url: String,
    pub(crate) pool: Pool,
    pub(crate) broker: Broker,
    /// The way to the first relay that runs.
    pub(crate) handoff: Handoff,
    handed: std::sync::Mutex<Option<Handed>>,
    _storm: Option<MutexGuard<'static, ()>>,
}

/// Who waits for a [`Lock`] in this test's database.
pub(crate) const WAITING: &str =
    "pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";

/// An advisory lock of the database that is held.
pub(crate) struct Lock(Object<AsyncPgConnection>);

/// A relay or a consumer at work.
pub(crate) struct Running {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl World {
    /// On the servers that nobody disturbs.
    pub(crate) async fn calm() -> Self {
        Self::on(start(&CALM).await, None).await
    }

    /// On servers that this test, and no other at the same time, may disturb; it leaves them running.
    pub(crate) async fn stormy() -> Self {
        let storm = STORM.lock().await;
        let world = Self::on(start(&STORMY).await, Some(storm)).await;
        // A broker that is killed half a second after it has declared a quorum queue does not find its members again.
        let members = "rabbitmq/disk/gozon@localhost/quorum/gozon@localhost/names.dets";
        let members = world.servers.folder().join(members);
        // With the length in front, which tells it from the dead-letter queue's.
        let member = format!("{}_{QUEUE}", world.virtual_host);
        let member = [&[member.len() as u8], member.as_bytes()].concat();
        eventually("the queue is on disk", async || {
            std::fs::read(&members).unwrap().windows(member.len()).any(|bytes| bytes == member)
        })
        .await;
        world
    }

    async fn on(servers: &'static Servers, storm: Option<MutexGuard<'static, ()>>) -> Self {
        // RUST_LOG says what is shown of a test that fails.
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
        let name = servers.fresh_name();
        let database_url = servers.create_database(&name).await.unwrap();
        let amqp_url = servers.create_virtual_host(&name).await.unwrap();
        let conn = AsyncPgConnection::establish(&database_url).await.unwrap();
        let mut harness = AsyncMigrationHarness::new(conn);
        harness.run_pending_migrations(messaging::MIGRATIONS).unwrap();
        harness.into_inner().batch_execute("CREATE TABLE effects (event_id uuid)").await.unwrap();
        let broker = broker(&amqp_url);
        broker.open("set-up").await.unwrap().close().await;
        let pool = pool(&database_url);
        let (handoff, handed) = handoff();
        let handed = std::sync::Mutex::new(Some(handed));
        Self { servers, virtual_host: name, amqp_url, pool, broker, handoff, handed, _storm: storm }
    }

    /// The same, but from now on connections act as a role with the rights that the documentation asks for.
    pub(crate) async fn with_rights_of_application(self) -> Self {
        let role = &self.virtual_host;
        let grant = format!(
            "CREATE ROLE {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, inbox TO {role};
             GRANT EXECUTE ON FUNCTION inbox_upkeep TO {role}"
        );
        self.sql(&grant).await;
        let url = format!("{}?options=-c%20role%3D{role}", self.servers.database_url(role));
        Self { pool: pool(&url), ..self }
    }

    pub(crate) fn run_relay(&self) -> Running {
        let (pool, broker) = (self.pool.clone(), self.broker.clone());
        let handed = self.handed.lock().unwrap().take().unwrap_or_else(|| handoff().1);
        let relay = Relay { pool, broker, handed, connected: Connected::default() };
        Running::spawn(|shutdown| relay.run(shutdown))
    }

    /// Waits until a relay takes what is handed over.
    pub(crate) async fn relay_is_connected(&self) {
        self.enqueue(&events(1)).await;
        self.until_count("outbox", 0).await;
        Amqp::connect(self).await.take_next(QUEUE).await;
    }

    /// Runs a consumer whose handler is (a clone of) `handler`.
    pub(crate) fn run_consumer(&self, handler: &Recorder) -> Running {
        let consumer = Consumer {
            pool: self.pool.clone(),
            broker: self.broker.clone(),
            queue: QUEUE.to_owned(),
            handoff: self.handoff.clone(),
            connected: Connected::default(),
            handler: handler.clone(),
        };
        Running::spawn(|shutdown| consumer.run(shutdown))
    }

    /// Commits events to the outbox, and returns what is to be handed over to the relay, or left for it to find.
    pub(crate) async fn enqueue(&self, events: &[Event]) -> Vec<Row> {
        self.enqueue_messages(events.iter().map(|event| Message::new(event, KEY)).collect()).await
    }

    /// The same for messages, all of them new.
    pub(crate) async fn enqueue_messages(&self, messages: Vec<Message>) -> Vec<Row> {
        let count = messages.len();
        let rows = outbox::enqueue(&*self.conn().await, messages).await.unwrap();
        assert_eq!(rows.len(), count);
        rows
    }

    /// Accepts ids in a transaction of its own, and returns those that were new.
    pub(crate) async fn accept(&self, ids: &[Uuid]) -> HashSet<Uuid> {
        let conn = self.conn().await;
        let accepted = transaction::begin(&conn, inbox::accept(&conn, ids)).await.unwrap();
        transaction::commit(&conn).await.unwrap();
        accepted
    }

    pub(crate) async fn conn(&self) -> Object<AsyncPgConnection> {
        self.pool.get().await.unwrap()
    }

    pub(crate) async fn sql(&self, statements: &str) {
        self.conn().await.batch_execute(statements).await.unwrap();
    }

    /// The rows of a table, or of whatever follows FROM.
    pub(crate) async fn count(&self, from: &str) -> i64 {
        self.try_count(from).await.unwrap()
    }

    pub(crate) async fn try_count(&self, from: &str) -> QueryResult<i64> {
        let mut conn = self.pool.get().await.map_err(|_| diesel::result::Error::NotFound)?;
        count(&mut conn, from).await
    }

    /// The one number, a bigint, that a query returns.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        number(&mut *self.conn().await, query).await.unwrap()
    }

    /// What a table, its partitions and their indexes take on disk.
    pub(crate) async fn bytes_of(&self, table: &str) -> i64 {
        let sizes =
            format!("SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_partition_tree('{table}')");
        self.number(&sizes).await
    }

    /// Waits until a table has that many rows.
    pub(crate) async fn until_count(&self, from: &str, expected: i64) {
        let what = format!("{expected} rows in {from}");
        eventually(&what, async || self.try_count(from).await == Ok(expected)).await;
    }

    /// What a transaction with this change has to do, for each row, before its COMMIT is done.
    pub(crate) async fn at_commit_of(&self, change: &str, plpgsql: &str) {
        self.sql(&format!(
            "CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {plpgsql}; RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER at_commit AFTER {change}
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()"
        ))
        .await;
    }

    /// From now on commits are as they were.
    pub(crate) async fn forget_at_commit(&self) {
        self.sql("DROP FUNCTION at_commit CASCADE").await;
    }

    /// Takes an advisory lock, for others to wait for.
    pub(crate) async fn lock(&self, key: i32) -> Lock {
        let mut conn = self.conn().await;
        conn.batch_execute(&format!("SELECT pg_advisory_lock({key})")).await.unwrap();
        Lock(conn)
    }
}

impl Lock {
    pub(crate) async fn release(mut self) {
        self.0.batch_execute("SELECT pg_advisory_unlock_all()").await.unwrap();
    }
}

impl Running {
    pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(
        work: impl FnOnce(CancellationToken) -> F,
    ) -> Self {
        let shutdown = CancellationToken::new();
        Self { task: tokio::spawn(work(shutdown.clone())), shutdown }
    }

    /// Asks it to finish, without waiting.
    pub(crate) fn shut_down(&self) {
        self.shutdown.cancel();
    }

    /// Asks it to finish and waits until it has.
    pub(crate) async fn stop(self) {
        self.shut_down();
        tokio::time::timeout(PATIENCE, self.task).await.expect("it finishes").expect("it does not panic");
    }

    /// Ends it wherever it is, as a crash of the process would.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

fn pool(database_url: &str) -> Pool {
    Pool::builder(AsyncDieselConnectionManager::new(database_url)).max_size(8).build().unwrap()
}

/// The queue and its exchange, reached by this address.
pub(crate) fn broker(amqp_url: &str) -> Broker {
    let queue = Queue { name: QUEUE.to_owned(), routing_keys: vec![KEY.to_owned(), OTHER_KEY.to_owned()] };
    let announcements = vec![ANNOUNCED.to_owned()];
    let topology = Topology { exchange: "events".to_owned(), queues: vec![queue], announcements };
    Broker::new(amqp_url, "test", topology).unwrap()
}

/// An event of a type that [`Recorder`] knows how to treat.
pub(crate) fn event(kind: &str) -> Event {
    let time = chrono::Utc::now();
    Event::new("test", kind, Uuid::now_v7(), time, &json!({ "text": "a \"quoted\" б" }))
}

pub(crate) fn events(number: usize) -> Vec<Event> {
    (0..number).map(|_| event("Ordinary")).collect()
}

/// Waits until the condition holds; the test fails if that takes longer than anything may.
pub(crate) async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(PROBE).await;
    }
}

/// Checks again and again that the condition holds, for long enough that a busy loop would have broken it.
pub(crate) async fn steadily(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_millis(1500);
    while Instant::now() < end {
        assert!(condition().await, "no longer: {what}");
        tokio::time::sleep(PROBE).await;
    }
}

pub(crate) async fn count(conn: &mut AsyncPgConnection, from: &str) -> QueryResult<i64> {
    number(conn, &format!("SELECT count(*) FROM {from}")).await
}

async fn number(conn: &mut AsyncPgConnection, query: &str) -> QueryResult<i64> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let query = diesel::sql_query(format!("SELECT ({query}) AS number"));
    Ok(query.get_result::<Row>(conn).await?.number)
}

async fn start(servers: &'static OnceCell<Servers>) -> &'static Servers {
    servers.get_or_init(async || Servers::start(ServersOptions::default()).await.unwrap()).await
}

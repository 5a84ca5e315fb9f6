//! Systems to test, as few as possible and as many as needed.

use std::env;
use std::io::Write;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use e2e_tests::{Audit, Broker, Database, Load, Shop, until};
use stack::{Part, Servers, ServersOptions, System, SystemOptions};
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};
use uuid::Uuid;

/// Tests that run at once, at most, whatever cargo is told: each may have a system of its own.
const PLACES: u32 = 6;
static FREE_PLACES: Semaphore = Semaphore::const_new(PLACES as usize);

/// How much of each log a failed test shows.
const LOG_LINES: usize = 40;

/// The servers that no test harms. Their processes end with this one.
static SERVERS: OnceCell<Arc<Servers>> = OnceCell::const_new();
/// The system of all tests that need nothing but an address.
static SYSTEM: OnceCell<System> = OnceCell::const_new();
/// Servers that tests have harmed and healed.
static HARDENED: Mutex<Vec<Arc<Servers>>> = Mutex::new(Vec::new());

/// A system as its users see it: an address, or two.
pub(crate) struct Outside {
    /// Through the gateway.
    pub(crate) shop: Shop,
    /// Ways to orders-service, to be used in turn: each replica, or, where only the gateway can be reached, that.
    pub(crate) orders_doors: Vec<Shop>,
    /// The same for payments-service.
    pub(crate) payments_doors: Vec<Shop>,
    /// An origin whose pages may call the API.
    pub(crate) page_origin: String,
    _place: SemaphorePermit<'static>,
}

/// How often paid orders make a step.
pub(crate) const DELIVERY_INTERVAL: &str = "DELIVERY_INTERVAL_SECONDS";

/// A system that belongs to one test.
pub(crate) struct Own {
    /// Through the gateway.
    pub(crate) shop: Shop,
    pub(crate) broker: Broker,
    pub(crate) audit: Audit,
    system: System,
    is_harmed: bool,
    _place: SemaphorePermit<'static>,
}

/// The system that many tests share, with two replicas of each service, or the one of `GOZON_GATEWAY_URL`.
pub(crate) async fn outside() -> Outside {
    let place = place(1).await;
    if let Ok(gateway) = env::var("GOZON_GATEWAY_URL") {
        let shop = Shop::at(&gateway);
        let page_origin = env::var("GOZON_PAGE_ORIGIN").unwrap_or_else(|_| "http://localhost:3000".into());
        let doors = || vec![shop.clone()];
        let (orders_doors, payments_doors) = (doors(), doors());
        return Outside { shop, orders_doors, payments_doors, page_origin, _place: place };
    }
    let system = SYSTEM
        .get_or_init(async || {
            let options = SystemOptions { orders_replicas: 2, payments_replicas: 2, ..Default::default() };
            System::start(&servers().await, without_deliveries(options)).await.unwrap()
        })
        .await;
    let addresses = system.addresses();
    let doors = |bases: &[String]| bases.iter().map(|base| Shop::at(base)).collect();
    Outside {
        shop: shop_of(system),
        orders_doors: doors(&addresses.orders),
        payments_doors: doors(&addresses.payments),
        page_origin: addresses.page.clone().expect("a page"),
        _place: place,
    }
}

/// A system on the shared servers, for a test that looks inside or that harms its own processes only. `None`, after
/// saying so, if the tests run against an address.
pub(crate) async fn own(options: SystemOptions) -> Option<Own> {
    if is_skipped() {
        return None;
    }
    let place = place(1).await;
    let system = System::start(&servers().await, without_deliveries(options)).await.unwrap();
    Some(Own::of(system, false, place))
}

/// A system on servers that no other test uses at the same time, for a test that harms them.
pub(crate) async fn own_servers(options: SystemOptions) -> Option<Own> {
    own_servers_in(options, 1).await
}

/// The same while no other test runs, for a test of how long something takes.
pub(crate) async fn own_machine(options: SystemOptions) -> Option<Own> {
    own_servers_in(options, PLACES).await
}

async fn own_servers_in(options: SystemOptions, places: u32) -> Option<Own> {
    if is_skipped() {
        return None;
    }
    let place = place(places).await;
    let hardened = HARDENED.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let servers = match hardened {
        Some(servers) => servers,
        None => Arc::new(Servers::start(ServersOptions::default()).await.unwrap()),
    };
    let system = System::start(&servers, without_deliveries(options)).await.unwrap();
    Some(Own::of(system, true, place))
}

/// The URL of a database of a test's own, with nothing in it.
pub(crate) async fn fresh_database() -> String {
    let servers = servers().await;
    servers.create_database(&servers.fresh_name()).await.unwrap()
}

/// Options with an orders-service that asks again soon for payments that were never answered.
pub(crate) fn sweeping_soon() -> SystemOptions {
    sweeping_after(2)
}

/// Options with an orders-service that never does as long as a test lasts: nothing heals what should not have been lost.
pub(crate) fn never_sweeping() -> SystemOptions {
    sweeping_after(24 * 3600)
}

/// Paid orders stay as they are, unless the options say how often they make a step.
fn without_deliveries(mut options: SystemOptions) -> SystemOptions {
    if options.environment.iter().all(|(name, _)| name != DELIVERY_INTERVAL) {
        options.environment.push((DELIVERY_INTERVAL.into(), "0".into()));
    }
    options
}

fn sweeping_after(seconds: u32) -> SystemOptions {
    let environment = vec![("SWEEP_AFTER_SECONDS".into(), seconds.to_string())];
    SystemOptions { environment, ..Default::default() }
}

impl Own {
    fn of(system: System, is_harmed: bool, place: SemaphorePermit<'static>) -> Self {
        let addresses = system.addresses();
        Self {
            shop: shop_of(&system),
            broker: Broker::of(addresses),
            audit: Audit::of(addresses),
            system,
            is_harmed,
            _place: place,
        }
    }

    pub(crate) async fn orders_database(&self) -> Database {
        Database::connect(&self.addresses().orders_database).await
    }

    pub(crate) async fn payments_database(&self) -> Database {
        Database::connect(&self.addresses().payments_database).await
    }

    /// Until the delivery tick that is due has begun. It takes what is paid by then; the first is due when the service
    /// starts, and a test whose orders are not for it waits for this before it places them.
    pub(crate) async fn until_tick_begun(&self) {
        let database = self.orders_database().await;
        until("a tick begins", async || {
            match database.number("SELECT count(*) FROM delivery_tick WHERE began_at > '-infinity'").await {
                0 => Err("none has".into()),
                _ => Ok(()),
            }
        })
        .await;
    }

    /// Begins the next delivery tick.
    pub(crate) async fn tick(&self) {
        let database = self.orders_database().await;
        database.execute("UPDATE delivery_tick SET began_at = '-infinity'").await.unwrap();
        self.until_tick_begun().await;
    }

    /// Clients that order and deposit, once they do.
    pub(crate) async fn load(&self) -> Load {
        let load = Load::start(&self.shop, 6);
        load.advances(30).await;
        load
    }
}

impl Deref for Own {
    type Target = System;

    fn deref(&self) -> &System {
        &self.system
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The logs go with the servers.
            self.system.parts().for_each(print_log);
        } else if self.is_harmed {
            let mut hardened = HARDENED.lock().unwrap_or_else(PoisonError::into_inner);
            hardened.push(Arc::clone(self.system.servers()));
        }
    }
}

/// Whether the tests run against a system that they know the address of, and nothing else.
pub(crate) fn is_against_address() -> bool {
    env::var_os("GOZON_GATEWAY_URL").is_some()
}

/// A key that nobody has used.
pub(crate) fn fresh_key() -> String {
    Uuid::new_v4().to_string()
}

/// Waits until so many sessions of a database wait for a lock on a table.
pub(crate) async fn until_waiting_for_lock(database: &Database, sessions: i64) {
    let query = "SELECT count(DISTINCT pid) FROM pg_locks
                 WHERE NOT granted AND locktype = 'relation'
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    until(format!("{sessions} sessions wait for a lock"), async || {
        let waiting = database.number(query).await;
        if waiting < sessions { Err(format!("{waiting} do")) } else { Ok(()) }
    })
    .await;
}

async fn servers() -> Arc<Servers> {
    let start = async || Arc::new(Servers::start(ServersOptions::default()).await.unwrap());
    Arc::clone(SERVERS.get_or_init(start).await)
}

async fn place(count: u32) -> SemaphorePermit<'static> {
    FREE_PLACES.acquire_many(count).await.expect("never closed")
}

fn shop_of(system: &System) -> Shop {
    Shop::at(system.addresses().gateway.as_deref().expect("a gateway"))
}

/// Prints the end of a part's log.
fn print_log(part: &Part) {
    let log = std::fs::read_to_string(part.log()).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let tail = &lines[lines.len().saturating_sub(LOG_LINES)..];
    println!("\n--- {} wrote, at last:\n{}", part.name(), tail.join("\n"));
}

/// Says that a test is skipped, past the harness, which would hide it.
fn is_skipped() -> bool {
    let is_skipped = is_against_address();
    if is_skipped {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("a test");
        let _ = writeln!(
            std::io::stderr(),
            "{name}: SKIPPED, for it needs a system of its own and not just GOZON_GATEWAY_URL"
        );
    }
    is_skipped
}

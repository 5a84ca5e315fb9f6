//! Clients: a few accounts that everybody wants something from, and doors that open and shut.

mod accounts;
mod client;
mod doors;
mod intent;
mod memory;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use stack::Addresses;
use tokio::task::JoinHandle;

use self::accounts::Accounts;
use self::client::Client;
use self::doors::Doors;
use super::history::History;
use super::timeline::Timeline;

/// Clients, each of which has one request in hand, or two of the same.
const CLIENTS: u64 = 64;
/// Operations a second, of all clients together, while none of them waits. Both services, both servers and the
/// clients share what cores there are; a machine that only ever works off arrears shows other things than this is for.
const RATE: u64 = 200;
/// How long clients that do not know yet go on asking after everything has healed.
const LAST_ASKING: Duration = Duration::from_secs(15);

/// The clients of a run.
pub(crate) struct Workload {
    history: Arc<History>,
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

impl Workload {
    /// Opens the accounts, through a system that is well, and starts the clients.
    ///
    /// # Panics
    /// If the accounts can't be opened.
    pub(crate) async fn start(
        addresses: &Addresses,
        seed: u64,
        file: &Path,
        timeline: &Arc<Timeline>,
    ) -> Self {
        let history = Arc::new(History::create(file));
        let stop = Arc::new(AtomicBool::new(false));
        let doors = Arc::new(Doors::of(addresses));
        let client = |number: u64, accounts: Arc<Accounts>| {
            let random = fastrand::Rng::with_seed(seed.wrapping_mul(CLIENTS + 1).wrapping_add(number));
            Client::new(random, accounts, &doors, &history, timeline, &stop)
        };
        let accounts = Arc::new(accounts::open(&mut client(0, Arc::default())).await);
        let pace = Duration::from_millis(1000 * CLIENTS / RATE);
        let clients =
            (1..=CLIENTS).map(|number| tokio::spawn(client(number, Arc::clone(&accounts)).run(pace)));
        let clients = clients.collect();
        Self { history, stop, clients }
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// Lets clients that do not know yet ask a little longer, and ends them. Returns why any of them panicked.
    pub(crate) async fn stop(&mut self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let ended = join_all(self.clients.drain(..)).await;
        self.history.flush();
        ended.into_iter().filter_map(Result::err).map(|error| format!("a client panicked: {error}")).collect()
    }
}

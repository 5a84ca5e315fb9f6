//! Learns of some orders when they became final, from outside: from the orders database, once they are.
//!
//! An order's latency ends with the timestamp of the commit that made it final (`track_commit_timestamp`). So it does not
//! matter how often anybody asks, and questions, which take the time of what they watch, can be few. An order that has been
//! moved on before it is asked for shows the timestamp of that, which is later.

use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::runtime::{self, Runtime};
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

use crate::clock::since_epoch;
use crate::error::{Doing, Error, Result};
use crate::tally;

/// Orders asked for at once, at most: the oldest, which are final first when there is a backlog.
const ASKED_FOR: usize = 100;
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(50);
/// How long an order that is final may go unseen.
const PATIENCE: Duration = Duration::from_secs(10);

/// With the time of the commit, in µs since 1970.
const WHICH_ARE_FINAL: &str = "SELECT id, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1e6)::bigint \
                               FROM orders WHERE id = ANY ($1) AND status <> 'NEW'";

/// An order to be watched.
pub(crate) struct Sample {
    pub(crate) id: Uuid,
    /// When its latency began to count.
    pub(crate) begun: Instant,
}

/// A watch that goes on until it is finished.
pub(crate) struct Watch {
    /// Keeps it from ending as long as orders are waited for elsewhere.
    samples: Sender<Sample>,
    thread: JoinHandle<Result<(Watched, Watcher)>>,
    /// The process of its connection to the database.
    pub(crate) backend_pid: i32,
}

/// What was seen.
pub(crate) struct Watched {
    /// From the POST (or when it was due) to the commit that made the order final, in µs.
    pub(crate) final_after: Histogram<u64>,
    pub(crate) polls: u64,
    /// Samples that were never seen final.
    pub(crate) lost: usize,
}

impl Watch {
    /// Starts a thread that watches what is sent to it.
    pub(crate) async fn start(orders_database: &str) -> Result<(Self, Sender<Sample>)> {
        let (sender, samples) = mpsc::channel();
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let url = orders_database.to_owned();
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.doing("starting the watch")?;
            let mut watcher = Watcher::connect(runtime, &url)?;
            let _ = ready.send(watcher.backend_pid()?);
            // Its connection outlives the watching, so that what it cost can still be read off its process.
            watcher.watch(&samples).map(|watched| (watched, watcher))
        });
        match is_ready.await {
            Ok(backend_pid) => Ok((Self { samples: sender.clone(), thread, backend_pid }, sender)),
            Err(_) => match join(thread) {
                Err(error) => Err(error),
                Ok(_) => Err(Error::Other("the watch ended before it began".into())),
            },
        }
    }

    /// Sees the rest of the samples, which all are final by now, and closes the connection. Blocks the thread.
    pub(crate) fn finish(self) -> Result<Watched> {
        drop(self.samples);
        join(self.thread).map(|(watched, _)| watched)
    }
}

fn join<T>(thread: JoinHandle<Result<T>>) -> Result<T> {
    thread.join().unwrap_or_else(|_| Err(Error::Other("the watch panicked".into())))
}

struct Watcher {
    runtime: Runtime,
    client: Client,
    which_are_final: Statement,
}

impl Watcher {
    fn connect(runtime: Runtime, url: &str) -> Result<Self> {
        let (client, which_are_final) = runtime.block_on(async {
            let connected = tokio_postgres::connect(url, NoTls).await;
            let (client, connection) = connected.doing("connecting the watch")?;
            tokio::spawn(connection);
            // One plan, by index, whatever the statistics say.
            let settings = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";
            client.batch_execute(settings).await.doing("preparing the watch")?;
            let statement = client.prepare(WHICH_ARE_FINAL).await.doing("preparing the watch")?;
            Ok::<_, Error>((client, statement))
        })?;
        Ok(Self { runtime, client, which_are_final })
    }

    fn backend_pid(&self) -> Result<i32> {
        let row = self.runtime.block_on(self.client.query_one("SELECT pg_backend_pid()", &[]));
        Ok(row.doing("asking for the watch's process")?.get(0))
    }

    fn watch(&mut self, samples: &Receiver<Sample>) -> Result<Watched> {
        let mut watched = Watched { final_after: tally::histogram(), polls: 0, lost: 0 };
        let mut waiting = Vec::new();
        let mut give_up_at = None;
        loop {
            if !receive(samples, &mut waiting) {
                give_up_at.get_or_insert_with(|| Instant::now() + PATIENCE);
            }
            let is_over = give_up_at.is_some_and(|at| waiting.is_empty() || Instant::now() > at);
            if is_over {
                watched.lost = waiting.len();
                return Ok(watched);
            }
            self.poll(&mut waiting, &mut watched)?;
            thread::sleep(PAUSE);
        }
    }

    fn poll(&mut self, waiting: &mut Vec<Sample>, watched: &mut Watched) -> Result<()> {
        let ids: Vec<Uuid> = waiting.iter().take(ASKED_FOR).map(|sample| sample.id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let rows = self.runtime.block_on(self.client.query(&self.which_are_final, &[&ids]));
        let rows = rows.doing("watching orders")?;
        watched.polls += 1;
        for row in rows {
            let (id, micros): (Uuid, i64) = (row.get(0), row.get(1));
            if let Some(index) = waiting.iter().position(|sample| sample.id == id) {
                let begun = waiting.remove(index).begun;
                let begun = since_epoch().saturating_sub(begun.elapsed());
                let committed = Duration::from_micros(micros.cast_unsigned());
                tally::record(&mut watched.final_after, committed.saturating_sub(begun));
            }
        }
        Ok(())
    }
}

/// Takes what has been sent, and waits if there is nothing to do; false if nothing more will come.
fn receive(samples: &Receiver<Sample>, waiting: &mut Vec<Sample>) -> bool {
    if waiting.is_empty() {
        match samples.recv() {
            Ok(sample) => waiting.push(sample),
            Err(_) => return false,
        }
    }
    loop {
        match samples.try_recv() {
            Ok(sample) => waiting.push(sample),
            Err(TryRecvError::Empty) => return true,
            Err(TryRecvError::Disconnected) => return false,
        }
    }
}

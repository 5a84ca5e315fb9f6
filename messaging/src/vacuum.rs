//! Vacuum of the outbox, whose rows die as fast as they are born.
//!
//! A server's autovacuum comes to a database once in a minute (`autovacuum_naptime`). Until then new rows get new pages,
//! which leave the server's buffers for the disk, come back to be vacuumed all at once, and leave again; and whoever
//! searches the table steps over everything that is dead. Done often, it costs less than it saves: a few pages are used over
//! and over, and stay in memory.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use metrics::{counter, histogram};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::error::within;
use crate::{Error, Lease, Pool};

/// Dead rows that are worth a vacuum: some 5 MB.
const ENOUGH: u32 = 10_000;
/// The pause after a vacuum, in units of what it took: while somebody's old snapshot keeps it from removing anything, it
/// looks at more and more rows in vain.
const PAUSE_FACTOR: u32 = 20;
/// That of autovacuum, which does what takes too long here.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A table is its owner's to vacuum, which is who logged in, and not the role that the pool's connections act as. The server
/// ends what nobody waits for any more: a migration could not have the table before.
const AS_OWNER: &str = "SET ROLE NONE; SET statement_timeout = '1min'";
/// The table's end is not cut off, which takes a lock that everybody waits for: its pages are used again. If somebody else
/// is at it, that will do.
const VACUUM: &str = "VACUUM (TRUNCATE off, SKIP_LOCKED) outbox";
/// To what the connection began with.
const AS_BEFORE: &str = "RESET ROLE; RESET statement_timeout";
const LIMIT: Duration = Duration::from_secs(70);

/// Vacuums whenever enough rows have died, until `shutdown`. Each dead row is a permit of `dead`.
pub(crate) async fn run(pool: &Pool, dead: &Semaphore, shutdown: &CancellationToken) {
    let vacuuming = async {
        loop {
            dead.acquire_many(ENOUGH).await.expect("nobody closes it").forget();
            dead.forget_permits(usize::MAX);
            let begun = Instant::now();
            match within(LIMIT, "vacuuming the outbox", vacuum(pool)).await {
                Ok(()) => histogram!("messaging_vacuum_seconds").record(begun.elapsed()),
                Err(error) => {
                    warn!(%error, "vacuum: failed; the outbox takes more room, until as many rows have died again");
                    counter!("messaging_vacuum_failures_total").increment(1);
                }
            }
            sleep((PAUSE_FACTOR * begun.elapsed()).min(LONGEST_PAUSE)).await;
        }
    };
    shutdown.run_until_cancelled(vacuuming).await;
}

async fn vacuum(pool: &Pool) -> Result<(), Error> {
    let mut conn = Lease::take(pool).await?;
    for statements in [AS_OWNER, VACUUM, AS_BEFORE] {
        conn.batch_execute(statements).await?;
    }
    conn.give_back();
    Ok(())
}

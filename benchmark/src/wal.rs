//! PostgreSQL's log (WAL) as a server has it that has run for a while.
//!
//! A fresh server fills a new segment with zeros for every 16 MiB that are logged, and every commit waits for that. From
//! its later checkpoints on it has enough old segments to use again (`wal_recycle`, `min_wal_size`), and fills none.
//! Without this a scenario's latencies would depend on how much had been logged before it.

use stack::Servers;

use crate::error::{Doing, Result};
use crate::machine;
use crate::progress::say;

/// More than is logged in a second.
const SEGMENTS_PER_SECOND: u64 = 4;
/// With more, a checkpoint of the server's own accord would use the first of them again, and `min_wal_size` is the end.
const MOST_SEGMENTS: u64 = 200;
/// A segment can only be left if something is in it.
const LEAVE_SEGMENTS: &str =
    "SELECT pg_switch_wal(), pg_logical_emit_message(false, '', '') FROM generate_series(1, $1::int)";

/// Lays out the segments that a window of so many seconds needs. Takes some 40 ms each.
pub(crate) async fn lay_out(servers: &Servers, seconds: u64) -> Result<()> {
    let segments = (seconds * SEGMENTS_PER_SECOND).min(MOST_SEGMENTS);
    say(&format!("laying out {segments} segments of PostgreSQL's log"));
    let client = machine::connect(&servers.database_url("postgres")).await?;
    client.execute(LEAVE_SEGMENTS, &[&(segments as i32)]).await.doing("laying out PostgreSQL's log")?;
    client.batch_execute("CHECKPOINT").await.doing("a checkpoint")
}

//! Waits until every order is final, and says when that was.
//!
//! While orders become final, only the newest are asked for, by key; when those are final, all are counted. The answer
//! is the moment just before the count that finds none left.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::error::{Doing, Result};
use crate::tally::Accepted;

/// How many of the newest orders are asked for.
const NEWEST: usize = 100;
const PAUSE: Duration = Duration::from_millis(5);
/// Orders that need longer than this are not going to become final; the sweep would have asked for each of them again. A
/// million of them take minutes.
const PATIENCE: Duration = Duration::from_secs(600);

/// When every order from the id `first_order` on was final; nothing if they are not after long.
///
/// `at_end` is called whenever that may be the case: its last result belongs to that moment.
pub(crate) async fn until_final<T>(
    orders: &Client,
    first_order: Uuid,
    accepted: &[Accepted],
    mut at_end: impl FnMut() -> T,
) -> Result<(Option<Instant>, T)> {
    let newest: Vec<Uuid> = accepted.iter().rev().take(NEWEST).map(|order| order.id).collect();
    let newest_query = "SELECT EXISTS (SELECT FROM orders WHERE id = ANY ($1) AND status = 'NEW')";
    let newest_left = orders.prepare(newest_query).await.doing("preparing to wait for orders")?;
    let give_up_at = Instant::now() + PATIENCE;
    loop {
        let row = orders.query_one(&newest_left, &[&newest]).await.doing("waiting for orders")?;
        let is_late = Instant::now() > give_up_at;
        if !row.get::<_, bool>(0) || is_late {
            let (now, result) = (Instant::now(), at_end());
            let count = "SELECT count(*) FROM orders WHERE id >= $1 AND status = 'NEW'";
            let left: i64 =
                orders.query_one(count, &[&first_order]).await.doing("counting unsettled orders")?.get(0);
            if left == 0 || is_late {
                return Ok(((left == 0).then_some(now), result));
            }
            // The count is not free: let more of them settle first.
            sleep(20 * PAUSE).await;
        }
        sleep(PAUSE).await;
    }
}

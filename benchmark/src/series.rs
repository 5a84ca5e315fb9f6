//! What happened in each second of a window, from what the orders themselves say about it.

use serde::{Deserialize, Serialize};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::error::{Doing, Result};

/// Orders by second, from the beginning of the window until the last was final.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Series {
    /// Created, as their `created_at` says.
    pub(crate) created_per_second: Vec<u64>,
    /// Final, as their `settled_at` says.
    pub(crate) settled_per_second: Vec<u64>,
}

impl Series {
    /// Of the orders from the id `first_order` on, in a window that began at `began` seconds of the epoch.
    pub(crate) async fn read(orders: &Client, first_order: Uuid, began: f64) -> Result<Self> {
        Ok(Self {
            created_per_second: count(orders, "created_at", first_order, began).await?,
            settled_per_second: count(orders, "settled_at", first_order, began).await?,
        })
    }
}

async fn count(orders: &Client, moment: &str, first_order: Uuid, began: f64) -> Result<Vec<u64>> {
    let query = format!(
        "SELECT floor(extract(epoch FROM {moment}) - $2::float8)::bigint AS second, count(*) FROM orders
         WHERE id >= $1 AND {moment} >= to_timestamp($2::float8) GROUP BY second"
    );
    let rows = orders.query(&query, &[&first_order, &began]).await.doing("counting orders by second")?;
    let mut counts = Vec::new();
    for row in rows {
        let second = row.get::<_, i64>(0).max(0) as usize;
        if counts.len() <= second {
            counts.resize(second + 1, 0);
        }
        counts[second] += row.get::<_, i64>(1).cast_unsigned();
    }
    Ok(counts)
}

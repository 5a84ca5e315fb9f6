//! How many events the services put into a batch, from the histograms that they keep themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stack::Addresses;

use crate::client::{Client, address_of};
use crate::error::Result;

/// Sums and counts of batches, by service and name.
pub(crate) struct Batches(BTreeMap<(&'static str, String), (f64, f64)>);

/// Batches of one kind within a window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BatchSize {
    pub(crate) service: String,
    /// The histogram's name.
    pub(crate) what: String,
    pub(crate) batches: u64,
    pub(crate) mean_items: f64,
}

impl Batches {
    pub(crate) async fn now(addresses: &Addresses) -> Result<Self> {
        let mut all = BTreeMap::new();
        let orders = addresses.orders.iter().map(|address| ("orders", address));
        let payments = addresses.payments.iter().map(|address| ("payments", address));
        for (service, address) in orders.chain(payments) {
            let mut client = Client::connect(address_of(address)?).await?;
            let text = client.text("/metrics", "").await?;
            for line in String::from_utf8_lossy(&text).lines() {
                read_line(line, |name| all.entry((service, name)).or_default());
            }
        }
        Ok(Self(all))
    }

    /// What happened since `start`.
    pub(crate) fn since(&self, start: &Self) -> Vec<BatchSize> {
        let difference = |((service, what), (sum, count)): (&(&'static str, String), &(f64, f64))| {
            let (sum_before, count_before) =
                start.0.get(&(*service, what.clone())).copied().unwrap_or_default();
            let (items, batches) = (sum - sum_before, count - count_before);
            let (service, what) = ((*service).to_owned(), what.clone());
            BatchSize { service, what, batches: batches as u64, mean_items: items / batches.max(1.0) }
        };
        self.0.iter().map(difference).collect()
    }
}

/// A line such as `messaging_relay_batch_rows_sum 1200`.
fn read_line<'a>(line: &str, entry: impl FnOnce(String) -> &'a mut (f64, f64)) {
    let Some((name, value)) = line.split_once(' ') else {
        return;
    };
    let Ok(value) = value.parse::<f64>() else {
        return;
    };
    let is_batch = |name: &str| name.ends_with("batch_rows") || name.ends_with("batch_events");
    if let Some(name) = name.strip_suffix("_sum").filter(|name| is_batch(name)) {
        entry(name.to_owned()).0 += value;
    } else if let Some(name) = name.strip_suffix("_count").filter(|name| is_batch(name)) {
        entry(name.to_owned()).1 += value;
    }
}

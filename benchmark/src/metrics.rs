//! What the services count themselves: how many events they put into a batch, how long a claim takes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stack::Addresses;

use crate::client::{Client, address_of};
use crate::error::Result;

/// Sums and counts of every histogram without labels, by service and name, over all replicas.
pub(crate) struct Histograms(BTreeMap<(&'static str, String), Total>);

/// What a histogram has recorded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Total {
    pub(crate) sum: f64,
    pub(crate) count: f64,
}

/// Batches of one kind within a window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BatchSize {
    pub(crate) service: String,
    /// The histogram's name.
    pub(crate) what: String,
    pub(crate) batches: u64,
    pub(crate) mean_items: f64,
}

impl Histograms {
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

    /// What one has recorded; nothing if it has not been used.
    pub(crate) fn total(&self, service: &'static str, name: &str) -> Total {
        self.0.get(&(service, name.to_owned())).copied().unwrap_or_default()
    }

    /// The batches since `start`.
    pub(crate) fn batches_since(&self, start: &Self) -> Vec<BatchSize> {
        let is_batch = |name: &str| name.ends_with("batch_rows") || name.ends_with("batch_events");
        let batches = self.0.iter().filter(|((_, name), _)| is_batch(name));
        let difference = |((service, name), total): (&(&'static str, String), &Total)| {
            let Total { sum, count } = total.since(start.total(service, name));
            let (service, what) = ((*service).to_owned(), name.clone());
            BatchSize { service, what, batches: count as u64, mean_items: sum / count.max(1.0) }
        };
        batches.map(difference).collect()
    }
}

impl Total {
    pub(crate) fn since(self, start: Self) -> Self {
        Self { sum: self.sum - start.sum, count: self.count - start.count }
    }
}

/// A line such as `messaging_relay_batch_rows_sum 1200`.
fn read_line<'a>(line: &str, entry: impl FnOnce(String) -> &'a mut Total) {
    let Some((name, value)) = line.split_once(' ') else {
        return;
    };
    let Ok(value) = value.parse::<f64>() else {
        return;
    };
    if let Some(name) = name.strip_suffix("_sum") {
        entry(name.to_owned()).sum += value;
    } else if let Some(name) = name.strip_suffix("_count") {
        entry(name.to_owned()).count += value;
    }
}

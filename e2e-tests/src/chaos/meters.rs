//! The services' own counters, summed over processes that come and go.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stack::Addresses;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::Shop;

const PAUSE: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(1);

/// Sums by counter: at least this much. What a process counted after the last look, and then was killed, is missing.
pub(crate) type Sums = BTreeMap<String, u64>;

/// Whoever reads them.
pub(crate) struct Meters {
    stop: Arc<AtomicBool>,
    sums: Arc<Mutex<Sums>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Meters {
    pub(crate) fn start(addresses: &Addresses) -> Self {
        let (stop, sums): (Arc<AtomicBool>, Arc<Mutex<Sums>>) = Default::default();
        let read = |base: &String| {
            let (shop, stop, sums) = (Shop::at(base), stop.clone(), sums.clone());
            tokio::spawn(async move {
                let mut last = Sums::new();
                loop {
                    let is_last = stop.load(Ordering::Relaxed);
                    if let Ok(answer) = shop.get("/metrics").timeout(TIMEOUT).try_send().await {
                        let now = counters(&answer.text());
                        let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
                        for (name, count) in &now {
                            *sums.entry(name.clone()).or_default() += growth(last.get(name).copied(), *count);
                        }
                        last = now;
                    }
                    if is_last {
                        return;
                    }
                    sleep(PAUSE).await;
                }
            })
        };
        let tasks = addresses.orders.iter().chain(&addresses.payments).map(read).collect();
        Self { stop, sums, tasks }
    }

    /// Reads them once more and ends.
    pub(crate) async fn stop(&mut self) -> Sums {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks.drain(..) {
            task.await.expect("whoever reads");
        }
        self.sums.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a counter has gone up by. One that is lower than before belongs to a new process, which began at 0.
fn growth(last: Option<u64>, now: u64) -> u64 {
    match last {
        Some(last) if now >= last => now - last,
        _ => now,
    }
}

/// The counters in Prometheus' text format, summed over their labels.
fn counters(text: &str) -> Sums {
    let mut counters = Sums::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((series, value)) = line.rsplit_once(' ') else { continue };
        let name = series.split('{').next().unwrap_or_default();
        if let (true, Ok(value)) = (name.ends_with("_total"), value.parse::<f64>()) {
            *counters.entry(name.to_owned()).or_default() += value as u64;
        }
    }
    counters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_summed_over_labels_and_other_series_left_out() {
        let text = "# TYPE a_total counter\na_total 3\na_total{queue=\"x y\"} 4\nb_bucket{le=\"1\"} 9\n\nc_total 0\n";
        assert_eq!(counters(text), Sums::from([("a_total".into(), 7), ("c_total".into(), 0)]));
    }

    #[test]
    fn counter_of_a_restarted_process_begins_again() {
        assert_eq!([growth(None, 5), growth(Some(5), 8), growth(Some(8), 2)], [5, 3, 2]);
    }
}

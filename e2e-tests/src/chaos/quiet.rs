//! Waits until nothing is left to do, and takes away the dead letters.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stack::Addresses;
use tokio::time::sleep;
use uuid::Uuid;

use super::lines::Lines;
use super::messages::nonce_in;
use crate::events::{REQUESTS, RESULTS};
use crate::{Broker, Database, dead};

const POLL: Duration = Duration::from_millis(250);
/// The broker counts every five seconds: so much later than the rest its figures may say the same.
const COUNTING_LAG: Duration = Duration::from_secs(12);
/// Messages taken from a dead-letter queue at a time, and how much of each is looked at: all of what a service has
/// written, for that may hold several letters.
const TAKEN: usize = 20;
const LOOKED_AT_BYTES: usize = 4 << 20;
/// How much of a letter is noted.
const NOTED_CHARS: usize = 400;

/// What makes an order final: it is neither NEW nor to be cancelled.
const ORDERS: Waiting = (
    "orders",
    "SELECT count(*) FROM orders
     WHERE status = 'NEW' OR (status <> 'CANCELLED' AND cancel_requested_at IS NOT NULL)",
);
const DELIVERIES: Waiting = ("deliveries", "SELECT count(*) FROM deliveries");
const ORDERS_OUTBOX: Waiting = ("messages in the orders outbox", "SELECT count(*) FROM outbox");
const PAYMENTS_OUTBOX: Waiting = ("messages in the payments outbox", "SELECT count(*) FROM outbox");

/// What may wait, and the query that counts it.
type Waiting = (&'static str, &'static str);

/// How it became quiet.
#[derive(Default)]
pub(crate) struct Quiet {
    /// How long after healing every order was final, if they were in time.
    pub(crate) final_after: Option<Duration>,
    /// What was not empty when time was up.
    pub(crate) leftovers: Vec<String>,
}

/// A dead letter.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Letter {
    pub(crate) queue: String,
    /// Of the poison that it was.
    pub(crate) nonce: Option<Uuid>,
    /// How it begins.
    pub(crate) text: String,
}

/// Waits until every order is final, those that are paid are delivered, and outboxes and queues are empty, but not much
/// longer than `limit` from when all was healed. Whoever looks afterwards sees nothing move.
pub(crate) async fn wait(addresses: &Addresses, healed: Instant, limit: Duration) -> Quiet {
    let mut quiet = Quiet::default();
    loop {
        let mut left = waiting(addresses, &[ORDERS, ORDERS_OUTBOX]).await;
        if left.is_empty() {
            quiet.final_after = Some(healed.elapsed());
            break;
        }
        if healed.elapsed() > limit {
            quiet.leftovers.append(&mut left);
            break;
        }
        sleep(POLL).await;
    }
    let broker = Broker::of(addresses);
    loop {
        // Each step of a delivery leaves a message in the outbox.
        let mut left = waiting(addresses, &[DELIVERIES, ORDERS_OUTBOX]).await;
        left.extend(queued(&broker).await);
        if left.is_empty() {
            return quiet;
        }
        if healed.elapsed() > limit + COUNTING_LAG {
            quiet.leftovers.extend(left);
            return quiet;
        }
        sleep(POLL).await;
    }
}

/// What waits of these things of orders-service, and in the outbox of payments-service.
async fn waiting(addresses: &Addresses, of_orders: &[Waiting]) -> Vec<String> {
    let mut waiting = Vec::new();
    let of_orders = of_orders.iter().map(|what| (&addresses.orders_database, what));
    for (url, (what, query)) in of_orders.chain([(&addresses.payments_database, &PAYMENTS_OUTBOX)]) {
        let ask = async { Database::try_connect(url).await?.try_rows(query, &[]).await };
        match ask.await.map(|rows| rows[0].get::<_, i64>(0)) {
            Ok(0) => {}
            Ok(count) => waiting.push(format!("{count} {what} wait")),
            Err(error) => waiting.push(format!("{what} can't be counted: {error}")),
        }
    }
    waiting
}

async fn queued(broker: &Broker) -> Vec<String> {
    let mut queued = Vec::new();
    for queue in [REQUESTS, RESULTS] {
        match broker.try_count(queue).await {
            Ok(0) => {}
            Ok(count) => queued.push(format!("{queue} holds {count} messages")),
            Err(error) => queued.push(error),
        }
    }
    queued
}

/// Empties both dead-letter queues into a file, and says how many letters there were.
///
/// # Errors
/// If the broker does not answer, though all is healed.
pub(crate) async fn take_letters(addresses: &Addresses, file: &Path) -> stack::Result<u64> {
    let (broker, letters) = (Broker::of(addresses), Lines::create(file));
    let mut count = 0;
    for queue in [dead(REQUESTS), dead(RESULTS)] {
        loop {
            let taken = broker.try_take(&queue, TAKEN, LOOKED_AT_BYTES).await.map_err(stack::Error::Setup)?;
            if taken.is_empty() {
                break;
            }
            for letter in taken.iter().flat_map(|message| letters_in(&message.bytes())) {
                count += 1;
                let text = letter.chars().take(NOTED_CHARS).collect();
                letters.write(&Letter { queue: queue.clone(), nonce: nonce_in(&letter), text });
            }
        }
    }
    letters.flush();
    Ok(count)
}

/// The letters of a message: services write them as events and send several at once; the broker moves a body that is no
/// batch as it is.
fn letters_in(body: &[u8]) -> Vec<String> {
    let events: Vec<&RawValue> = serde_json::from_slice(body).unwrap_or_default();
    let is_letter = |event: &&RawValue| event.get().contains("\"DeadLettered\"");
    if !events.is_empty() && events.iter().all(is_letter) {
        events.into_iter().map(|event| event.get().to_owned()).collect()
    } else {
        vec![String::from_utf8_lossy(body).into_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_a_message_counts_and_what_is_no_batch_is_one() {
        let two = br#"[{"type":"DeadLettered","data":1},{"type":"DeadLettered","data":2}]"#;
        assert_eq!(letters_in(two).len(), 2);
        for one in [&b"\xff"[..], b"[1,2]", b"[{\"type\":\"OrderCreated\"},2]", b"[]"] {
            assert_eq!(letters_in(one).len(), 1, "{one:?}");
        }
    }
}

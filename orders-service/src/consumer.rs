//! Settles orders (transaction T4 of docs/MESSAGING.md): results of payments in, final states out.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use messaging::broadcast::Voice;
use messaging::{Handled, Handler, Received, Refusal};
use metrics::counter;
use uuid::Uuid;

use crate::domain::{OrderChange, PaymentResult, disagreement, tell};
use crate::store;

/// The handler of the queue of payment results.
pub(crate) struct Results {
    pub voice: Voice,
}

impl Handler for Results {
    type Report = Vec<OrderChange>;

    async fn handle(
        &self,
        conn: &mut AsyncPgConnection,
        events: &[Received<'_>],
    ) -> QueryResult<Handled<Self::Report>> {
        let Told { mut results, contested, mut refusals } = read(events);
        let settled = settle(conn, &results, &contested).await?;
        if settled.len() < results.len() {
            // What settled nothing is a repetition, or something is wrong with it. Of several results for an order, some
            // may have changed nothing.
            let changed: HashSet<Uuid> = settled.iter().map(|change| change.id).collect();
            results.retain(|(_, result)| {
                !changed.contains(&result.order_id) || contested.contains(&result.order_id)
            });
            let orders = results.iter().map(|(_, result)| result.order_id).collect();
            let standings = store::standings(conn, &orders).await?;
            refusals.extend(results.iter().filter_map(|(index, result)| {
                let reason = disagreement(result, standings.get(&result.order_id))?;
                Some(Refusal { index: *index, reason })
            }));
        }
        Ok(Handled { refusals, report: settled, ..Default::default() })
    }

    fn uncertain(&self) {
        self.voice.unsure();
    }

    fn committed(&self, changes: Self::Report) {
        counter!("orders_settled_total").increment(changes.len() as u64);
        tell(&self.voice, &changes);
    }
}

/// What a batch of events says.
struct Told {
    /// With their places; a repetition within the batch is left out.
    results: Vec<(usize, PaymentResult)>,
    /// Orders of which the batch says several things.
    contested: HashSet<Uuid>,
    /// What is no result.
    refusals: Vec<Refusal>,
}

fn read(events: &[Received<'_>]) -> Told {
    let mut results = Vec::with_capacity(events.len());
    let mut seen: HashMap<Uuid, PaymentResult> = HashMap::with_capacity(events.len());
    let mut contested = HashSet::new();
    let mut refusals = Vec::new();
    for (index, received) in events.iter().enumerate() {
        match PaymentResult::read(received.event) {
            Ok(result) => match seen.entry(result.order_id) {
                Entry::Vacant(vacant) => {
                    vacant.insert(result);
                    results.push((index, result));
                }
                Entry::Occupied(first) if *first.get() == result => {}
                // Which of them is true, or whether one follows the other, is for the order to say.
                Entry::Occupied(_) => {
                    contested.insert(result.order_id);
                    results.push((index, result));
                }
            },
            Err(reason) => refusals.push(Refusal { index, reason }),
        }
    }
    Told { results, contested, refusals }
}

/// Settles every order that a result agrees with, and returns how those stand: all at once, but one after another where
/// the batch says several things of an order. Of those the first that agrees counts, and a refund after it.
async fn settle(
    conn: &mut AsyncPgConnection,
    results: &[(usize, PaymentResult)],
    contested: &HashSet<Uuid>,
) -> QueryResult<Vec<OrderChange>> {
    let (several, single): (Vec<_>, Vec<_>) =
        results.iter().map(|(_, result)| result).partition(|result| contested.contains(&result.order_id));
    let mut settled = store::settle(conn, &single).await?;
    for result in several {
        settled.extend(store::settle(conn, &[result]).await?);
    }
    Ok(settled)
}

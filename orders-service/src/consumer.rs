//! Settles orders (transaction T4 of docs/MESSAGING.md): results of payments in, final states out.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use messaging::broadcast::Voice;
use messaging::{Event, Handled, Handler, Received, Refusal};
use metrics::counter;
use uuid::Uuid;

use crate::domain::{OrderChange, PaymentResult, disagreement, tell};
use crate::store;

/// The handler of the queue of payment results.
pub(crate) struct Results {
    pub voice: Voice,
}

impl Handler for Results {
    type Begun = (Told, Vec<OrderChange>);
    type Report = Vec<OrderChange>;

    /// Settles what the batch says one thing of. Which events are duplicates does not matter: an order is settled once.
    async fn begin(&self, conn: &AsyncPgConnection, events: &[Event]) -> QueryResult<Self::Begun> {
        let told = read(events);
        let single = told.results.iter().filter(|(_, result)| !told.contested.contains(&result.order_id));
        let settled = store::settle(conn, &single.map(|(_, result)| result).collect::<Vec<_>>()).await?;
        Ok((told, settled))
    }

    async fn handle(
        &self,
        conn: &mut AsyncPgConnection,
        _events: &[Received<'_>],
        (Told { mut results, contested, mut refusals }, mut settled): Self::Begun,
    ) -> QueryResult<Handled<Self::Report>> {
        // One after another: of several results for an order the first that agrees counts, and a refund after it.
        for (_, result) in results.iter().filter(|(_, result)| contested.contains(&result.order_id)) {
            settled.extend(store::settle(conn, &[result]).await?);
        }
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
#[derive(Default)]
pub(crate) struct Told {
    /// With their places; a repetition within the batch is left out.
    results: Vec<(usize, PaymentResult)>,
    /// Orders of which the batch says several things.
    contested: HashSet<Uuid>,
    /// What is no result.
    refusals: Vec<Refusal>,
}

fn read(events: &[Event]) -> Told {
    let mut results = Vec::with_capacity(events.len());
    let mut seen: HashMap<Uuid, PaymentResult> = HashMap::with_capacity(events.len());
    let mut contested = HashSet::new();
    let mut refusals = Vec::new();
    for (index, event) in events.iter().enumerate() {
        match PaymentResult::read(event) {
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

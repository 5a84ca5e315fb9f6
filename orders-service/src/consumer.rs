//! Settles orders (transaction T4 of docs/MESSAGING.md): results of payments in, final states out.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use contracts::events::{Payload, PaymentFailed, PaymentSucceeded};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use messaging::{Event, Handled, Handler, Reason, Received, Refusal};
use metrics::counter;
use uuid::Uuid;

use crate::domain::{Outcome, PaymentResult, settled};
use crate::store::{self, Standing};

/// The handler of the queue of payment results.
pub(crate) struct Results;

impl Handler for Results {
    async fn handle(&self, conn: &mut AsyncPgConnection, events: &[Received<'_>]) -> QueryResult<Handled> {
        let Told { mut results, contested, mut refusals } = read(events);
        let settled = settle_new(conn, &results, &contested).await?;
        counter!("orders_settled_total").increment(settled.len() as u64);
        // Of results that contradict each other, one at most has settled the order.
        results.retain(|(_, result)| {
            !settled.contains(&result.order_id) || contested.contains(&result.order_id)
        });
        if !results.is_empty() {
            // What settled nothing is a repetition, or something is wrong with it.
            let orders = results.iter().map(|(_, result)| result.order_id).collect();
            let standings = store::standings(conn, &orders).await?;
            refusals.extend(results.iter().filter_map(|(index, result)| {
                let reason = disagreement(result, standings.get(&result.order_id))?;
                Some(Refusal { index: *index, reason })
            }));
        }
        Ok(Handled { refusals, ..Default::default() })
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
        match parse(received.event) {
            Ok(result) => match seen.entry(result.order_id) {
                Entry::Vacant(vacant) => {
                    vacant.insert(result);
                    results.push((index, result));
                }
                Entry::Occupied(first) if *first.get() == result => {}
                // Which of them is true is for the order to say, not for their places.
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

fn parse(event: &Event) -> Result<PaymentResult, Reason> {
    match event.kind.as_str() {
        PaymentSucceeded::KIND => {
            let PaymentSucceeded { order_id, user_id, amount } = Payload::read(event)?;
            Ok(PaymentResult { order_id, user_id, amount, outcome: Ok(()) })
        }
        PaymentFailed::KIND => {
            let PaymentFailed { order_id, user_id, amount, reason } = Payload::read(event)?;
            Ok(PaymentResult { order_id, user_id, amount, outcome: Err(reason) })
        }
        _ => Err(contracts::unknown_type(event)),
    }
}

/// Settles every order of `results` that is NEW and agrees: one statement for each outcome. Of several results for an
/// order the first that agrees counts.
async fn settle_new(
    conn: &mut AsyncPgConnection,
    results: &[(usize, PaymentResult)],
    contested: &HashSet<Uuid>,
) -> QueryResult<HashSet<Uuid>> {
    let mut settled = HashSet::with_capacity(results.len());
    let mut by_outcome: HashMap<Outcome, Vec<&PaymentResult>> = HashMap::new();
    for (_, result) in results {
        if contested.contains(&result.order_id) {
            settled.extend(store::settle(conn, result.outcome, &[result]).await?);
        } else {
            by_outcome.entry(result.outcome).or_default().push(result);
        }
    }
    for (outcome, results) in by_outcome {
        settled.extend(store::settle(conn, outcome, &results).await?);
    }
    Ok(settled)
}

/// Why `result` can't be true of an order that it did not settle; `None` if it repeats what is known.
fn disagreement(result: &PaymentResult, standing: Option<&Standing>) -> Option<Reason> {
    let Some(standing) = standing else {
        return Some(Reason::new("unknown-order", "there is no such order"));
    };
    if standing.user_id != result.user_id || standing.amount_minor != result.amount.minor() {
        return Some(Reason::new("other-user-or-amount", "the order has another user or amount"));
    }
    let (status, reason) = settled(result.outcome);
    if standing.status == status && standing.cancel_reason.as_deref() == reason {
        return None;
    }
    let known = standing.cancel_reason.as_deref().unwrap_or_default();
    let text = format!("the order is {} {known} already", standing.status);
    Some(Reason::new("contradicting-result", text))
}

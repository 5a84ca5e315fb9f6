//! Pays orders (transaction T3 of docs/MESSAGING.md): requests in, decisions out, debits between.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{SubsecRound, Utc};
use contracts::events::{OrderCreated, Payload};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use messaging::{Handled, Handler, Reason, Received, Refusal, mutant};
use metrics::counter;
use uuid::Uuid;

use crate::domain::{Decision, Request, decide};
use crate::store;

/// The handler of the queue of payment requests.
pub(crate) struct Payments;

impl Handler for Payments {
    async fn handle(&self, conn: &mut AsyncPgConnection, events: &[Received<'_>]) -> QueryResult<Handled> {
        let (mut requests, mut refusals) = read(events);
        let orders = requests.iter().map(|(_, request)| request.order_id).collect();
        let earlier = store::decisions_of(conn, &orders).await?;
        // Every request is answered; those decided before with the stored decision, told again. A mere ack
        // would leave an order waiting for ever whose result was lost.
        let mut answers: Vec<Decision> = Vec::with_capacity(requests.len());
        requests.retain(|(index, request)| match earlier.get(&request.order_id) {
            None => true,
            Some(decision) if decision.request == *request => {
                answers.push(*decision);
                false
            }
            Some(_) => {
                refusals.push(contradiction(*index));
                false
            }
        });
        if mutant!("duplicates-acked-silently") {
            answers.clear();
        }
        counter!("payments_decisions_reemitted_total").increment(answers.len() as u64);
        let undecided = first_of_each(requests, &mut refusals);
        if !undecided.is_empty() {
            answers.extend(settle(conn, &undecided).await?);
        }
        let messages = answers.iter().map(Decision::message).collect();
        Ok(Handled { messages, refusals })
    }
}

/// Decides and writes down: debits, balances, decisions.
async fn settle(conn: &mut AsyncPgConnection, requests: &[Request]) -> QueryResult<Vec<Decision>> {
    let users = requests.iter().map(|request| request.user_id).collect();
    let mut accounts = store::lock_accounts(conn, &users).await?;
    // The database keeps microseconds: a decision must read back as it was told.
    let now = Utc::now().trunc_subsecs(6);
    let (decisions, debits) = decide(requests, &mut accounts, now);
    store::record(conn, &decisions, &debits, now).await?;
    counter!("payments_succeeded_total").increment(debits.len() as u64);
    counter!("payments_failed_total").increment((decisions.len() - debits.len()) as u64);
    Ok(decisions)
}

/// Of requests for the same order, which nobody has decided yet, the first one counts, and those that repeat it are
/// answered with it.
fn first_of_each(requests: Vec<(usize, Request)>, refusals: &mut Vec<Refusal>) -> Vec<Request> {
    let mut first: HashMap<Uuid, Request> = HashMap::with_capacity(requests.len());
    let mut undecided = Vec::with_capacity(requests.len());
    for (index, request) in requests {
        match first.entry(request.order_id) {
            Entry::Vacant(vacant) => undecided.push(*vacant.insert(request)),
            Entry::Occupied(first) if *first.get() == request => {}
            Entry::Occupied(_) => refusals.push(contradiction(index)),
        }
    }
    undecided
}

/// The requests among `events` with their places, and what is none.
fn read(events: &[Received<'_>]) -> (Vec<(usize, Request)>, Vec<Refusal>) {
    let mut requests = Vec::with_capacity(events.len());
    let mut refusals = Vec::new();
    for (index, received) in events.iter().enumerate() {
        match parse(received) {
            Ok(request) => requests.push((index, request)),
            Err(reason) => refusals.push(Refusal { index, reason }),
        }
    }
    (requests, refusals)
}

fn parse(received: &Received<'_>) -> Result<Request, Reason> {
    let event = received.event;
    if event.kind != OrderCreated::KIND {
        return Err(contracts::unknown_type(event));
    }
    OrderCreated::read(event).map(|order| Request::from(&order))
}

fn contradiction(index: usize) -> Refusal {
    let text = "another request for this order was decided, with another user or amount";
    Refusal { index, reason: Reason::new("contradicting-request", text) }
}

//! Pays orders and pays them back (transaction T3 of docs/MESSAGING.md): requests in, decisions out, money between.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;

use chrono::{DateTime, SubsecRound, Utc};
use contracts::events::{OrderCancelRequested, OrderCreated, Payload};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use messaging::broadcast::Voice;
use messaging::{Event, Handled, Handler, Reason, Received, Refusal, mutant};
use metrics::counter;
use uuid::Uuid;

use crate::domain::{AccountChange, Book, Decision, Direction, Entry, Order, Outcome, Request, Wants, tell};
use crate::store;

/// The handler of the queue of payment requests.
pub(crate) struct Payments {
    pub voice: Voice,
}

/// What a batch asks for, and what is known of that. Which events are duplicates does not matter: it is an order's decision
/// that is made once.
#[derive(Default)]
pub(crate) struct Begun {
    /// With their places.
    requests: Vec<(usize, Request)>,
    refusals: Vec<Refusal>,
    book: Book,
}

/// What a batch did.
#[derive(Default)]
pub(crate) struct Report {
    decisions: Vec<Decision>,
    entries: Vec<Entry>,
    at: DateTime<Utc>,
    /// Answers that had been given before.
    repeated: usize,
}

impl Handler for Payments {
    type Begun = Begun;
    type Report = Report;

    async fn begin(&self, conn: &AsyncPgConnection, events: &[Event]) -> QueryResult<Begun> {
        let (requests, refusals) = read(events);
        let book = store::read(conn, requests.iter().map(|(_, request)| request)).await?;
        Ok(Begun { requests, refusals, book })
    }

    async fn handle(
        &self,
        conn: &mut AsyncPgConnection,
        _events: &[Received<'_>],
        Begun { requests, mut refusals, mut book }: Begun,
    ) -> QueryResult<Handled<Report>> {
        let mut requests = without_contradictions(requests, &book.decisions, &mut refusals);
        if mutant!("duplicates-acked-silently") {
            requests.retain(|request| !book.decisions.contains_key(&request.order.id));
        }
        // The database keeps microseconds: a decision must read back as it was told.
        let at = Utc::now().trunc_subsecs(6);
        let Outcome { decisions, entries, answers } = book.decide(&requests, at);
        let repeated = answers.len() - decisions.len();
        let enqueued = store::write(conn, &decisions, &entries, answers, at).await?;
        let report = Report { decisions, entries, at, repeated };
        Ok(Handled { enqueued, refusals, report })
    }

    fn uncertain(&self) {
        self.voice.unsure();
    }

    fn committed(&self, Report { decisions, entries, at, repeated }: Report) {
        let count = |direction| entries.iter().filter(|entry| entry.direction == direction).count() as u64;
        let refused = decisions.iter().filter(|decision| decision.outcome.is_err()).count();
        counter!("payments_succeeded_total").increment(count(Direction::Debit));
        counter!("payments_failed_total").increment(refused as u64);
        counter!("payments_refunded_total").increment(count(Direction::Credit));
        counter!("payments_decisions_reemitted_total").increment(repeated as u64);
        // Of several entries of an account, the last one tells how it stands.
        let last: HashMap<Uuid, &Entry> = entries.iter().map(|entry| (entry.account_id, entry)).collect();
        let changes = last.into_values().map(|entry| AccountChange {
            bill_id: entry.account_id,
            user_id: entry.user_id,
            balance: entry.balance_after_minor,
            version: entry.version,
            updated_at: at,
        });
        tell(&self.voice, changes);
    }
}

/// Of what is asked about an order, whatever has another user or amount than its decision, or than the first request
/// if nothing is decided yet, is refused.
fn without_contradictions(
    requests: Vec<(usize, Request)>,
    decisions: &HashMap<Uuid, Decision>,
    refusals: &mut Vec<Refusal>,
) -> Vec<Request> {
    let mut known: HashMap<Uuid, Order> = HashMap::with_capacity(requests.len());
    let mut agreed = Vec::with_capacity(requests.len());
    for (index, request) in requests {
        let order = match known.entry(request.order.id) {
            Place::Occupied(known) => *known.get(),
            Place::Vacant(vacant) => {
                let decision = decisions.get(&request.order.id);
                *vacant.insert(decision.map_or(request.order, |decision| decision.order))
            }
        };
        if order == request.order {
            agreed.push(request);
        } else {
            let text = "the order was decided, or asked for before, with another user or amount";
            refusals.push(Refusal { index, reason: Reason::new("contradicting-request", text) });
        }
    }
    agreed
}

/// The requests among `events` with their places, and what is none.
fn read(events: &[Event]) -> (Vec<(usize, Request)>, Vec<Refusal>) {
    let mut requests = Vec::with_capacity(events.len());
    let mut refusals = Vec::new();
    for (index, event) in events.iter().enumerate() {
        match parse(event) {
            Ok(request) => requests.push((index, request)),
            Err(reason) => refusals.push(Refusal { index, reason }),
        }
    }
    (requests, refusals)
}

fn parse(event: &Event) -> Result<Request, Reason> {
    match event.kind.as_str() {
        OrderCreated::KIND => {
            let OrderCreated { order_id: id, user_id, amount, .. } = Payload::read(event)?;
            Ok(Request { order: Order { id, user_id, amount }, wants: Wants::Payment })
        }
        OrderCancelRequested::KIND => {
            let OrderCancelRequested { order_id: id, user_id, amount } = Payload::read(event)?;
            Ok(Request { order: Order { id, user_id, amount }, wants: Wants::Cancellation })
        }
        _ => Err(contracts::unknown_type(event)),
    }
}

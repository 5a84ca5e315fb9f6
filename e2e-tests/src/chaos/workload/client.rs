//! One client: it wants something done once, has little patience with any one request, and asks again with the same key
//! until it knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::super::history::{History, Kind, Operation, Outcome};
use super::super::timeline::Timeline;
use super::LAST_ASKING;
use super::accounts::Accounts;
use super::doors::Doors;
use super::intent::Intent;
use super::memory::Placed;
use crate::Shop;

/// What one request may take, in milliseconds: less than the services' own limits at times, so that clients turn away
/// from requests that succeed.
const PATIENCE_MS: std::ops::Range<u64> = 300..3_000;
/// The same of clients that go away and never ask again: most of their requests succeed all the same.
const NO_PATIENCE_MS: std::ops::Range<u64> = 1..20;
/// The status of who is too late.
const CONFLICT: u16 = 409;
/// The pause before the same request is sent again, in milliseconds.
const RETRY_MS: std::ops::Range<u64> = 50..400;

/// A client.
pub(super) struct Client {
    random: fastrand::Rng,
    accounts: Arc<Accounts>,
    doors: Arc<Doors>,
    history: Arc<History>,
    timeline: Arc<Timeline>,
    stop: Arc<AtomicBool>,
}

/// What came of one request.
enum Told {
    Done(u16, Value),
    Refused(u16),
    /// Nobody was there: it was not sent.
    NotSent,
    /// No answer, or one that says nothing.
    Nothing(Option<u16>),
    Flaw(String),
}

impl Client {
    pub(super) fn new(
        random: fastrand::Rng,
        accounts: Arc<Accounts>,
        doors: &Arc<Doors>,
        history: &Arc<History>,
        timeline: &Arc<Timeline>,
        stop: &Arc<AtomicBool>,
    ) -> Self {
        let (doors, history, timeline, stop) =
            (doors.clone(), history.clone(), timeline.clone(), stop.clone());
        Self { random, accounts, doors, history, timeline, stop }
    }

    pub(super) fn random(&mut self) -> &mut fastrand::Rng {
        &mut self.random
    }

    /// Wants one thing after another, one in `pace` at most.
    pub(super) async fn run(mut self, pace: Duration) {
        // They do not all begin at once.
        sleep(pace.mul_f64(self.random.f64())).await;
        while !self.is_stopped() {
            let next = Instant::now() + pace.mul_f64(0.5 + self.random.f64());
            let intent = Intent::any(&self.accounts, &mut self.random);
            let done = self.perform(intent.clone()).await;
            if let (Kind::Order, Some(id)) = (intent.kind, done) {
                self.accounts.memory.remember(intent.user(), Placed { id, amount: intent.amount });
            }
            if done.is_some()
                && self.random.u8(..100) < 4
                && let Some(other) = intent.contradiction(&mut self.random)
            {
                self.perform(other).await;
            }
            sleep_until(next).await;
        }
    }

    /// Asks until it is known what came of it, and notes that. Returns what was created.
    pub(super) async fn perform(&mut self, intent: Intent) -> Option<Uuid> {
        let mut operation = Operation {
            nonce: intent.nonce,
            kind: intent.kind,
            user: intent.user(),
            bill: intent.bill(),
            order: intent.order_to_cancel(),
            amount: intent.amount,
            key: intent.key.clone(),
            is_bad: intent.is_bad,
            outcome: Outcome::Unknown,
            id: None,
            status: None,
            requests: 0,
            invoked_ms: self.timeline.now_ms(),
            returned_ms: 0,
            flaws: Vec::new(),
        };
        let first = self.ask_until_known(&intent, &mut operation).await;
        operation.returned_ms = self.timeline.now_ms();
        if let Some(first) = first {
            self.ask_again(&intent, &first, &mut operation).await;
        }
        self.history.record(&operation);
        operation.id
    }

    /// The first answer, if there was one that says it is done.
    async fn ask_until_known(&mut self, intent: &Intent, operation: &mut Operation) -> Option<Value> {
        let may_be_repeated = intent.may_be_repeated();
        // Some ask twice at once; some go away before they are answered.
        let at_once = if may_be_repeated && self.random.u8(..100) < 5 { 2 } else { 1 };
        let goes_away = self.random.u8(..100) < 2 && intent.kind != Kind::Account;
        let patience_ms = if goes_away { NO_PATIENCE_MS } else { PATIENCE_MS };
        let mut stopped_at = None;
        loop {
            let mut first: Option<Value> = None;
            let mut was_sent = false;
            for told in self.ask(intent, at_once, patience_ms.clone(), operation).await {
                was_sent |= !matches!(told, Told::NotSent);
                let Some(created) = understand(told, intent, operation) else { continue };
                match &first {
                    Some(first) => operation.flaws.extend(difference(intent.kind, first, &created)),
                    None => first = Some(created),
                }
            }
            if operation.outcome != Outcome::Unknown {
                judge(intent, operation);
                return first;
            }
            let may_ask_again = may_be_repeated || !was_sent;
            let is_late =
                self.is_stopped() && stopped_at.get_or_insert_with(Instant::now).elapsed() > LAST_ASKING;
            if is_late || !may_ask_again || (goes_away && was_sent) {
                return None;
            }
            sleep(Duration::from_millis(self.random.u64(RETRY_MS))).await;
        }
    }

    /// Now and then asks again for what is done: the answer must be the same. An order that is to be cancelled is so for
    /// good, and may be CANCELLED by now.
    async fn ask_again(&mut self, intent: &Intent, first: &Value, operation: &mut Operation) {
        if !intent.may_be_repeated() || self.random.u8(..100) >= 5 {
            return;
        }
        let told = self.ask(intent, 1, PATIENCE_MS, operation).await.pop();
        match told {
            Some(Told::Done(status, again)) => {
                operation.flaws.extend(difference(intent.kind, first, &again));
                operation
                    .flaws
                    .extend(intent.flaw_in(status, &again).filter(|_| intent.kind == Kind::Cancel));
            }
            Some(Told::Refused(status)) => {
                operation.flaws.push(format!("it was done, and {status} when asked for again"));
            }
            Some(Told::Flaw(flaw)) => operation.flaws.push(flaw),
            Some(Told::NotSent | Told::Nothing(_)) | None => {}
        }
    }

    /// Sends the same request through so many doors at once.
    async fn ask(
        &mut self,
        intent: &Intent,
        at_once: usize,
        patience_ms: std::ops::Range<u64>,
        operation: &mut Operation,
    ) -> Vec<Told> {
        let doors = self.doors.some(intent.kind, at_once, &mut self.random);
        operation.requests += at_once as u32;
        let timeout = Duration::from_millis(self.random.u64(patience_ms));
        join_all(doors.into_iter().map(|door| send(intent, door, timeout))).await
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

async fn send(intent: &Intent, door: &Shop, timeout: Duration) -> Told {
    let answer = match intent.request(door).timeout(timeout).try_send().await {
        Ok(answer) => answer,
        Err(error) if error.is_connect() => return Told::NotSent,
        Err(_) => return Told::Nothing(None),
    };
    match answer.status() {
        status @ 200..300 => match serde_json::from_str(&answer.text()) {
            Ok(created) => Told::Done(status, created),
            Err(error) => Told::Flaw(format!("{error}: {answer}")),
        },
        status => match answer.flaw_as_problem() {
            Some(flaw) => Told::Flaw(flaw),
            None if status < 500 => Told::Refused(status),
            None => Told::Nothing(Some(status)),
        },
    }
}

/// Notes what one request came to, and returns what it created.
fn understand(told: Told, intent: &Intent, operation: &mut Operation) -> Option<Value> {
    match told {
        Told::Done(status, created) => {
            if operation.outcome == Outcome::Refused {
                operation.flaws.push(format!("{status} for one request and refused for its twin"));
            }
            operation.status = Some(status);
            operation.outcome = Outcome::Ok;
            operation.id = id_of(intent.kind, &created);
            operation.flaws.extend(intent.flaw_in(status, &created));
            return Some(created);
        }
        Told::Refused(status) if operation.outcome == Outcome::Ok => {
            operation.flaws.push(format!("done for one request and {status} for its twin"));
        }
        Told::Refused(status) => {
            operation.status = Some(status);
            operation.outcome = Outcome::Refused;
        }
        Told::Nothing(status) if operation.outcome == Outcome::Unknown => operation.status = status,
        Told::Flaw(flaw) => operation.flaws.push(flaw),
        Told::Nothing(_) | Told::NotSent => {}
    }
    None
}

/// Whether it was right to do it, or to refuse it: whoever wants to cancel may be too late.
fn judge(intent: &Intent, operation: &mut Operation) {
    match (intent.is_bad, operation.outcome) {
        (true, Outcome::Ok) => operation.flaws.push("it was done and must be refused".into()),
        (false, Outcome::Refused) if (intent.kind, operation.status) != (Kind::Cancel, Some(CONFLICT)) => {
            operation.flaws.push(format!("it was refused with {:?} and is good", operation.status));
        }
        _ => {}
    }
}

fn id_of(kind: Kind, created: &Value) -> Option<Uuid> {
    let field = if matches!(kind, Kind::Order | Kind::Cancel) { "id" } else { "bill_id" };
    created[field].as_str()?.parse().ok()
}

/// What differs though it must not. Answers to who cancels show the order as it is by then; but when that was asked for
/// first remains.
fn difference(kind: Kind, first: &Value, again: &Value) -> Option<String> {
    let is_same = match kind {
        Kind::Cancel => {
            ["id", "cancel_requested_at", "created_at"].iter().all(|field| first[field] == again[field])
        }
        Kind::Order | Kind::Deposit | Kind::Account => first == again,
    };
    (!is_same).then(|| format!("answered {first}, and {again} when asked for again"))
}

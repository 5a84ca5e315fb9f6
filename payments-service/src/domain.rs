//! Deciding payments and refunds: pure functions over balances.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contracts::Amount;
use contracts::events::{FailureReason, Payload, PaymentFailed, PaymentRefunded, PaymentSucceeded};
use messaging::broadcast::Voice;
use messaging::mutant;
use messaging::outbox::Message;
use serde::Serialize;
use uuid::Uuid;

/// The largest balance that a deposit may lead to, in minor units: every balance is exact in a JSON number. Refunds may
/// pass it, by no more than what was paid from the account; a JSON number has room for nine times as much.
pub(crate) const MAX_BALANCE_MINOR: i64 = 1_000_000_000_000_000;

/// What is asked about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    pub order: Order,
    pub wants: Wants,
}

/// The order, as whoever asks has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    pub id: Uuid,
    pub user_id: Uuid,
    pub amount: Amount,
}

/// What is wanted for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    /// That it is paid.
    Payment,
    /// That it is not paid, or paid back.
    Cancellation,
}

/// What was decided, for ever, about one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub order: Order,
    /// Paid, or why not.
    pub outcome: Result<(), FailureReason>,
    pub decided_at: DateTime<Utc>,
}

/// A paid order was paid back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refund {
    pub order: Order,
    pub paid_at: DateTime<Utc>,
    pub refunded_at: DateTime<Utc>,
}

/// An account whose row is locked, with its balance as decisions go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LockedAccount {
    pub id: Uuid,
    pub user_id: Uuid,
    pub balance_minor: i64,
    /// How many entries its ledger has.
    pub version: i64,
}

/// A ledger entry to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub account_id: Uuid,
    pub user_id: Uuid,
    pub order_id: Uuid,
    pub direction: Direction,
    pub amount: Amount,
    pub balance_after_minor: i64,
    /// The how manieth entry of its account it is.
    pub version: i64,
}

/// How an account stands after a change, for who watches its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct AccountChange {
    pub bill_id: Uuid,
    pub user_id: Uuid,
    /// Minor units (kopecks).
    pub balance: i64,
    /// How many entries its ledger has.
    pub version: i64,
    pub updated_at: DateTime<Utc>,
}

/// Which way money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Debit,
    Credit,
}

/// What is known of the orders and accounts that requests are about, and what is decided meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// By order.
    pub decisions: HashMap<Uuid, Decision>,
    /// When orders were paid back, by order.
    pub refunds: HashMap<Uuid, DateTime<Utc>>,
    /// By user.
    pub accounts: HashMap<Uuid, LockedAccount>,
}

/// What requests came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Of orders that nothing had been decided about.
    pub decisions: Vec<Decision>,
    /// In the order in which they happened.
    pub entries: Vec<Entry>,
    /// What to tell: of every request, also of those that were decided before.
    pub answers: Vec<Message>,
}

impl Direction {
    /// The name in the ledger.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Debit => "DEBIT",
            Self::Credit => "CREDIT",
        }
    }
}

/// Tells whoever watches the accounts' users.
pub(crate) fn tell(voice: &Voice, changes: impl IntoIterator<Item = AccountChange>) {
    voice.tell(changes.into_iter().map(|change| (change.user_id, change)));
}

impl Book {
    /// Decides `requests` in their order, which is that of arrival.
    ///
    /// What was decided before is told again: a mere ack would leave an order waiting for ever whose result was lost.
    pub(crate) fn decide(&mut self, requests: &[Request], now: DateTime<Utc>) -> Outcome {
        let mut outcome = Outcome::default();
        for Request { order, wants } in requests {
            let decision = match self.decisions.get(&order.id) {
                Some(decision) => *decision,
                None => {
                    let decision = self.decide_new(order, *wants, now, &mut outcome.entries);
                    self.decisions.insert(order.id, decision);
                    outcome.decisions.push(decision);
                    decision
                }
            };
            let answer = if *wants == Wants::Cancellation && decision.outcome.is_ok() {
                self.refund(&decision, now, &mut outcome.entries).message()
            } else {
                decision.message()
            };
            outcome.answers.push(answer);
        }
        outcome
    }

    fn decide_new(
        &mut self,
        order: &Order,
        wants: Wants,
        now: DateTime<Utc>,
        entries: &mut Vec<Entry>,
    ) -> Decision {
        let outcome = match wants {
            Wants::Payment => self.pay(order).map(|debit| entries.push(debit)),
            Wants::Cancellation => Err(FailureReason::CancelledByUser),
        };
        Decision { order: *order, outcome, decided_at: now }
    }

    fn pay(&mut self, order: &Order) -> Result<Entry, FailureReason> {
        let account = self.accounts.get_mut(&order.user_id).ok_or(FailureReason::AccountNotFound)?;
        if account.balance_minor < order.amount.minor() && !mutant!("no-balance-check") {
            return Err(FailureReason::InsufficientFunds);
        }
        Ok(account.enter(Direction::Debit, order))
    }

    /// Pays back, unless that is done.
    fn refund(&mut self, decision: &Decision, now: DateTime<Utc>, entries: &mut Vec<Entry>) -> Refund {
        let Decision { order, decided_at, .. } = *decision;
        let refunded_at = *self.refunds.entry(order.id).or_insert_with(|| {
            // Whoever has paid has an account, and it was locked for this.
            if let Some(account) = self.accounts.get_mut(&order.user_id)
                && !mutant!("refunds-not-credited")
            {
                entries.push(account.enter(Direction::Credit, &order));
            }
            now
        });
        Refund { order, paid_at: decided_at, refunded_at }
    }
}

impl LockedAccount {
    fn enter(&mut self, direction: Direction, order: &Order) -> Entry {
        self.balance_minor += match direction {
            Direction::Debit => -order.amount.minor(),
            Direction::Credit => order.amount.minor(),
        };
        self.version += 1;
        Entry {
            account_id: self.id,
            user_id: self.user_id,
            order_id: order.id,
            direction,
            amount: order.amount,
            balance_after_minor: self.balance_minor,
            version: self.version,
        }
    }
}

impl Decision {
    /// The event that tells it: the same bytes each time.
    pub(crate) fn message(&self) -> Message {
        let Order { id: order_id, user_id, amount } = self.order;
        match self.outcome {
            Ok(()) => PaymentSucceeded { order_id, user_id, amount }.message(self.decided_at),
            Err(reason) => PaymentFailed { order_id, user_id, amount, reason }.message(self.decided_at),
        }
    }
}

impl Refund {
    /// The event that tells it: the same bytes each time.
    fn message(&self) -> Message {
        let Order { id: order_id, user_id, amount } = self.order;
        PaymentRefunded { order_id, user_id, amount, paid_at: self.paid_at }.message(self.refunded_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(user_id: Uuid, minor: i64) -> Order {
        Order { id: Uuid::now_v7(), user_id, amount: Amount::try_from(minor).unwrap() }
    }

    fn payment(order: Order) -> Request {
        Request { order, wants: Wants::Payment }
    }

    fn cancellation(order: Order) -> Request {
        Request { order, wants: Wants::Cancellation }
    }

    fn book(balance_minor: i64) -> (Uuid, Book) {
        let user_id = Uuid::now_v7();
        let account = LockedAccount { id: Uuid::now_v7(), user_id, balance_minor, version: 7 };
        (user_id, Book { accounts: HashMap::from([(user_id, account)]), ..Book::default() })
    }

    fn kinds(outcome: &Outcome) -> Vec<&str> {
        outcome.answers.iter().map(|answer| answer.kind.as_str()).collect()
    }

    #[test]
    fn orders_are_paid_in_order_of_arrival_while_the_money_lasts() {
        let (user, mut book) = book(100);
        let requests = [60, 50, 40, 1].map(|minor| payment(order(user, minor)));
        let outcome = book.decide(&requests, Utc::now());
        let short = Err(FailureReason::InsufficientFunds);
        let outcomes: Vec<_> = outcome.decisions.iter().map(|decision| decision.outcome).collect();
        assert_eq!(outcomes, [Ok(()), short, Ok(()), short]);
        let chain: Vec<_> =
            outcome.entries.iter().map(|entry| (entry.version, entry.balance_after_minor)).collect();
        assert_eq!(chain, [(8, 40), (9, 0)]);
        assert_eq!(book.accounts[&user].balance_minor, 0);
    }

    #[test]
    fn an_order_without_an_account_fails_and_touches_nobody() {
        let (user, mut book) = book(100);
        let outcome = book.decide(&[payment(order(Uuid::now_v7(), 1))], Utc::now());
        assert_eq!(outcome.decisions[0].outcome, Err(FailureReason::AccountNotFound));
        assert_eq!(outcome.entries, []);
        assert_eq!(book.accounts[&user].balance_minor, 100);
    }

    #[test]
    fn what_was_decided_is_told_again_in_the_same_bytes() {
        let (user, mut book) = book(0);
        let request = payment(order(user, 1));
        let first = book.decide(&[request, request], Utc::now());
        let later = book.decide(&[request], Utc::now());
        assert_eq!((first.decisions.len(), later.decisions.len()), (1, 0));
        for answer in [&first.answers[1], &later.answers[0]] {
            assert_eq!(answer.payload, first.answers[0].payload);
        }
    }

    #[test]
    fn a_paid_order_is_paid_back_once() {
        let (user, mut book) = book(100);
        let order = order(user, 30);
        let cancel = cancellation(order);
        let outcome = book.decide(&[payment(order), cancel, cancel, payment(order)], Utc::now());
        let (paid, refunded) = (PaymentSucceeded::KIND, PaymentRefunded::KIND);
        assert_eq!(kinds(&outcome), [paid, refunded, refunded, paid]);
        let balances: Vec<_> = outcome.entries.iter().map(|entry| entry.balance_after_minor).collect();
        assert_eq!(balances, [70, 100]);
        let again = book.decide(&[cancel], Utc::now());
        assert_eq!((again.entries.len(), &again.answers[0].payload), (0, &outcome.answers[1].payload));
    }

    #[test]
    fn an_order_that_is_cancelled_first_is_never_paid() {
        let (user, mut book) = book(100);
        let order = order(user, 30);
        let outcome = book.decide(&[cancellation(order), payment(order)], Utc::now());
        assert_eq!(outcome.entries, []);
        assert_eq!(outcome.decisions[0].outcome, Err(FailureReason::CancelledByUser));
        assert_eq!(outcome.answers[0].payload, outcome.answers[1].payload);
    }
}

//! Deciding payments: pure functions over balances.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contracts::Amount;
use contracts::events::{FailureReason, OrderCreated, Payload, PaymentFailed, PaymentSucceeded};
use messaging::mutant;
use messaging::outbox::Message;
use uuid::Uuid;

/// The largest balance, in minor units: every balance is exact in a JSON number.
pub(crate) const MAX_BALANCE_MINOR: i64 = 1_000_000_000_000_000;

/// What a payment request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    pub order_id: Uuid,
    pub user_id: Uuid,
    pub amount: Amount,
}

/// What was decided, for ever, about one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub request: Request,
    /// Paid, or why not.
    pub outcome: Result<(), FailureReason>,
    pub decided_at: DateTime<Utc>,
}

/// An account whose row is locked, with its balance as decisions go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LockedAccount {
    pub id: Uuid,
    pub user_id: Uuid,
    pub balance_minor: i64,
}

/// A ledger entry to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Debit {
    pub account_id: Uuid,
    pub order_id: Uuid,
    pub amount: Amount,
    pub balance_after_minor: i64,
}

impl From<&OrderCreated> for Request {
    fn from(order: &OrderCreated) -> Self {
        Self { order_id: order.order_id, user_id: order.user_id, amount: order.amount }
    }
}

/// Decides `requests` in their order, which is that of arrival, and takes what is paid from `accounts` (by user).
/// Returns a decision for each request and a debit for each that is paid.
pub(crate) fn decide(
    requests: &[Request],
    accounts: &mut HashMap<Uuid, LockedAccount>,
    now: DateTime<Utc>,
) -> (Vec<Decision>, Vec<Debit>) {
    let mut debits = Vec::new();
    let decisions = requests
        .iter()
        .map(|&request| {
            let outcome = pay(request, accounts).map(|debit| debits.push(debit));
            Decision { request, outcome, decided_at: now }
        })
        .collect();
    (decisions, debits)
}

fn pay(request: Request, accounts: &mut HashMap<Uuid, LockedAccount>) -> Result<Debit, FailureReason> {
    let account = accounts.get_mut(&request.user_id).ok_or(FailureReason::AccountNotFound)?;
    let balance_after_minor = account.balance_minor - request.amount.minor();
    if balance_after_minor < 0 && !mutant!("no-balance-check") {
        return Err(FailureReason::InsufficientFunds);
    }
    account.balance_minor = balance_after_minor;
    Ok(Debit {
        account_id: account.id,
        order_id: request.order_id,
        amount: request.amount,
        balance_after_minor,
    })
}

impl Decision {
    /// The event that tells it: the same bytes each time.
    pub(crate) fn message(&self) -> Message {
        let Request { order_id, user_id, amount } = self.request;
        match self.outcome {
            Ok(()) => PaymentSucceeded { order_id, user_id, amount }.message(self.decided_at),
            Err(reason) => PaymentFailed { order_id, user_id, amount, reason }.message(self.decided_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(user_id: Uuid, minor: i64) -> Request {
        Request { order_id: Uuid::now_v7(), user_id, amount: Amount::try_from(minor).unwrap() }
    }

    fn account(balance_minor: i64) -> LockedAccount {
        LockedAccount { id: Uuid::now_v7(), user_id: Uuid::now_v7(), balance_minor }
    }

    #[test]
    fn orders_are_paid_in_order_of_arrival_while_the_money_lasts() {
        let account = account(100);
        let user = account.user_id;
        let mut accounts = HashMap::from([(user, account)]);
        let requests = [60, 50, 40, 1].map(|minor| request(user, minor));
        let (decisions, debits) = decide(&requests, &mut accounts, Utc::now());
        let outcomes: Vec<_> = decisions.iter().map(|decision| decision.outcome).collect();
        let short = Err(FailureReason::InsufficientFunds);
        assert_eq!(outcomes, [Ok(()), short, Ok(()), short]);
        let balances: Vec<_> = debits.iter().map(|debit| debit.balance_after_minor).collect();
        assert_eq!(balances, [40, 0]);
        assert_eq!(accounts[&user].balance_minor, 0);
    }

    #[test]
    fn an_order_without_an_account_fails_and_touches_nobody() {
        let other = account(100);
        let mut accounts = HashMap::from([(other.user_id, other)]);
        let (decisions, debits) = decide(&[request(Uuid::now_v7(), 1)], &mut accounts, Utc::now());
        assert_eq!(decisions[0].outcome, Err(FailureReason::AccountNotFound));
        assert_eq!(debits, []);
        assert_eq!(accounts[&other.user_id], other);
    }

    #[test]
    fn a_decision_told_again_is_the_same_message() {
        let user = Uuid::now_v7();
        let (decisions, _) = decide(&[request(user, 1)], &mut HashMap::new(), Utc::now());
        let (first, second) = (decisions[0].message(), decisions[0].message());
        assert_eq!((first.message_id, first.payload), (second.message_id, second.payload));
    }
}

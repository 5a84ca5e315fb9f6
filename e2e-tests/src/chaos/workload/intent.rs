//! What clients want: the mixture of operations.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::history::Kind;
use super::accounts::{Account, Accounts};
use super::memory::Placed;
use crate::{Request, Shop};

/// No account ever holds as much.
const BEYOND: std::ops::Range<i64> = 1_000_000_000..1_000_000_000_000;
/// Deposits bring about as much as orders take, so that accounts are nearly empty again and again.
const ORDER: std::ops::RangeInclusive<i64> = 1..=1_000;
const DEPOSIT: std::ops::RangeInclusive<i64> = 1..=1_900;

/// Something to be done once.
#[derive(Clone)]
pub(super) struct Intent {
    pub(super) nonce: Uuid,
    pub(super) kind: Kind,
    pub(super) key: Option<String>,
    pub(super) is_bad: bool,
    /// In kopecks; 0 where it is nonsense.
    pub(super) amount: i64,
    account: Account,
    /// What is to be cancelled.
    order: Option<Uuid>,
    body: Option<Value>,
}

impl Intent {
    /// The next thing that anybody wants.
    pub(super) fn any(accounts: &Accounts, random: &mut fastrand::Rng) -> Self {
        let account = accounts.any(random);
        match random.u8(..100) {
            0..20 => {
                let amount = random.i64(DEPOSIT);
                Self::deposit(random, account, amount)
            }
            20..22 => Self::opening(random),
            22..25 => Self::nonsense(random, account),
            25..28 => {
                let nobody = uuid(random);
                Self::order(random, nobody, 100)
            }
            28..48 => {
                let amount = random.i64(BEYOND);
                Self::order(random, account.user, amount)
            }
            48..56 if let Some(placed) = accounts.memory.any(account.user, random) => {
                Self::cancel(random, account, placed)
            }
            _ => {
                let amount = random.i64(ORDER);
                Self::order(random, account.user, amount)
            }
        }
    }

    /// An account for somebody new.
    pub(super) fn opening(random: &mut fastrand::Rng) -> Self {
        let account = Account { user: uuid(random), bill: Uuid::nil() };
        Self::new(random, Kind::Account, account, 0, None)
    }

    pub(super) fn deposit(random: &mut fastrand::Rng, account: Account, amount: i64) -> Self {
        let body = json!({ "amount": amount });
        Self::new(random, Kind::Deposit, account, amount, Some(body))
    }

    fn order(random: &mut fastrand::Rng, user: Uuid, amount: i64) -> Self {
        let account = Account { user, bill: Uuid::nil() };
        let mut intent = Self::new(random, Kind::Order, account, amount, None);
        intent.body = Some(json!({ "amount": amount, "description": intent.nonce }));
        intent
    }

    fn cancel(random: &mut fastrand::Rng, account: Account, placed: Placed) -> Self {
        let intent = Self::new(random, Kind::Cancel, account, placed.amount, None);
        Self { order: Some(placed.id), ..intent }
    }

    /// What no service may do.
    fn nonsense(random: &mut fastrand::Rng, account: Account) -> Self {
        let amounts =
            [json!(0), json!(-5), json!(1.5), json!("10"), json!(10_000_000_000_000_i64), Value::Null];
        let amount = amounts[random.usize(..amounts.len())].clone();
        let mut intent = if random.bool() {
            Self::order(random, account.user, 0)
        } else {
            Self::deposit(random, account, 0)
        };
        intent.is_bad = true;
        intent.body.as_mut().expect("a body")["amount"] = amount;
        intent
    }

    fn new(
        random: &mut fastrand::Rng,
        kind: Kind,
        account: Account,
        amount: i64,
        body: Option<Value>,
    ) -> Self {
        let nonce = uuid(random);
        let key = (random.u8(..100) >= 3 || kind == Kind::Account).then(|| nonce.to_string());
        Self { nonce, kind, key, is_bad: false, amount, account, order: None, body }
    }

    /// Another request with this one's key: it must be refused. Of accounts and cancellations there is none.
    pub(super) fn contradiction(&self, random: &mut fastrand::Rng) -> Option<Self> {
        let key = self.key.clone();
        let amount = self.amount + 1;
        let other = match self.kind {
            Kind::Order => Self::order(random, self.account.user, amount),
            Kind::Deposit => Self::deposit(random, self.account, amount),
            Kind::Account | Kind::Cancel => return None,
        };
        key.is_some().then_some(Self { key, is_bad: true, ..other })
    }

    pub(super) fn user(&self) -> Uuid {
        self.account.user
    }

    /// Where a deposit goes.
    pub(super) fn bill(&self) -> Option<Uuid> {
        (self.kind == Kind::Deposit).then_some(self.account.bill)
    }

    /// What is to be cancelled.
    pub(super) fn order_to_cancel(&self) -> Option<Uuid> {
        self.order
    }

    /// Whether it may be asked for again though it may have happened.
    pub(super) fn may_be_repeated(&self) -> bool {
        self.key.is_some() || self.kind == Kind::Cancel
    }

    /// The request, at one door.
    pub(super) fn request(&self, shop: &Shop) -> Request {
        let request = match self.kind {
            Kind::Order => shop.post(&format!("/orders/create/{}", self.account.user)),
            Kind::Deposit => shop.post(&format!("/payments/add/{}", self.account.bill)),
            Kind::Account => shop.opening(self.account.user),
            Kind::Cancel => shop.cancelling(self.order.expect("an order")),
        };
        let request = match &self.body {
            Some(body) => request.json(body.clone()),
            None => request,
        };
        match &self.key {
            Some(key) => request.key(key),
            None => request,
        }
    }

    /// What is wrong with the answer of a request that has taken effect.
    pub(super) fn flaw_in(&self, status: u16, created: &Value) -> Option<String> {
        let is = |field: &str, expected: Value| created[field] == expected;
        let user = is("user_id", json!(self.account.user));
        let is_requested = created["cancel_requested_at"].is_string();
        let is_right = match self.kind {
            Kind::Order => {
                let text = is("description", json!(self.nonce)) && is("status", json!("NEW"));
                status == 201 && user && text && is("amount", json!(self.amount))
            }
            Kind::Deposit => status == 200 && user && is("bill_id", json!(self.account.bill)),
            Kind::Account => status == 201 && user && is("balance", json!(0)),
            Kind::Cancel => {
                let order = is("id", json!(self.order)) && user && is("amount", json!(self.amount));
                let is_cancelled = is("status", json!("CANCELLED"));
                order && (status == 200 && is_cancelled || status == 202 && !is_cancelled && is_requested)
            }
        };
        (!is_right).then(|| format!("this is not the answer to it: {status} {created}"))
    }
}

/// A random id that the seed decides.
fn uuid(random: &mut fastrand::Rng) -> Uuid {
    uuid::Builder::from_random_bytes(random.u128(..).to_be_bytes()).into_uuid()
}

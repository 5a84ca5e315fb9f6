//! What the system holds between two steps: two databases, a broker, and the transactions that are open.

use std::collections::BTreeSet;

use crate::bounds::Faults;

/// A message. Its id is its order and type: the same fact told twice is the same event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// To payments-service: this order asks to be paid.
    OrderCreated(u8),
    /// To payments-service: this order is not to be paid, and paid back if it has been.
    OrderCancelRequested(u8),
    /// To orders-service: it was debited.
    PaymentSucceeded(u8),
    /// To orders-service: it was not, and never will be.
    PaymentFailed(u8, Reason),
    /// To orders-service: it was debited, and credited again.
    PaymentRefunded(u8),
}

/// Why an order is not paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// No account, or too little on it.
    Unpayable,
    /// It was to be cancelled before anything was decided.
    CancelledByUser,
}

impl Event {
    /// The order it speaks of.
    pub fn order(self) -> u8 {
        match self {
            Self::OrderCreated(order)
            | Self::OrderCancelRequested(order)
            | Self::PaymentSucceeded(order)
            | Self::PaymentFailed(order, _)
            | Self::PaymentRefunded(order) => order,
        }
    }

    /// Which of the two outboxes, and of the two queues, it goes through.
    pub fn is_request(self) -> bool {
        matches!(self, Self::OrderCreated(_) | Self::OrderCancelRequested(_))
    }
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Not answered yet.
    New,
    /// Paid.
    Finished,
    /// CANCELLED: not paid.
    Failed(Reason),
    /// CANCELLED: paid back.
    Refunded,
}

/// A row of `orders`; its id is its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Order {
    /// The Idempotency-Key that created it.
    pub key: u8,
    /// Where it stands.
    pub status: Status,
    /// Whether it is to be cancelled.
    pub cancelling: bool,
    /// Whether it is on its way.
    pub shipped: bool,
    /// How often the sweep has asked again since the broker was last wiped.
    pub swept: u8,
}

/// How far the relay is with a row of an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Row {
    /// No relay holds it.
    Free,
    /// Published from memory and confirmed, and soon to be deleted. That another relay may find it first is no different from
    /// this one dying.
    Sent,
    /// Deleted, but not committed: other relays skip it.
    Claimed,
    /// Published, and this is what the broker said.
    Answered(Answer),
}

impl Row {
    /// Whether a relay has it locked.
    pub fn is_held(self) -> bool {
        matches!(self, Self::Claimed | Self::Answered(_))
    }
}

/// What a broker says to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Answer {
    /// In the queue, on disk.
    Confirmed,
    /// In no queue, for none takes it; a broker confirms such a message as well.
    Returned,
    /// In no queue, and a nack, or nothing at all, says so.
    Silent,
}

/// A message in the hand of a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Delivery {
    /// What is in hand.
    pub event: Event,
    /// Whether the broker keeps it still and delivers it again when the consumer dies.
    pub kept: bool,
    /// How far its transaction is.
    pub step: Step,
}

/// How far the transaction of a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Not begun.
    Delivered,
    /// Its inbox row is written, and this has been read.
    Begun(Known),
    /// Its account, if there is one, is locked and had this balance.
    Locked(Known, Option<i8>),
    /// Committed, and not yet acknowledged.
    Committed,
}

/// What a transaction about a payment finds, before it locks the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Known {
    /// Whether a committed transaction has had this id.
    pub duplicate: bool,
    /// The decision that exists already.
    pub decision: Option<Event>,
    /// Whether it was paid back.
    pub refunded: bool,
}

/// The one account, shared by all orders but those of strangers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    /// As the row says.
    pub balance: i8,
    /// All money that was ever paid in; refunds are none.
    pub deposits: i8,
}

/// Everything that outlives a step. Multisets are sorted: states that differ in the numbering of replicas or in
/// the order of a queue are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// Idempotency-Keys whose client has no answer and asks again.
    pub waiting: BTreeSet<u8>,
    /// Table `orders`.
    pub orders: Vec<Order>,
    /// Both tables `outbox`; requests are in one, results in the other. What is told again is there again.
    pub outbox: Bag<(Event, Row)>,
    /// Both queues of the broker.
    pub queue: Bag<Event>,
    /// What consumers of both services have in hand.
    pub deliveries: Bag<Delivery>,
    /// Table `inbox` of payments-service: requests that were taken in.
    pub inbox: BTreeSet<Event>,
    /// Table `accounts`.
    pub account: Account,
    /// Table `payments`: results that were decided.
    pub decisions: Bag<Event>,
    /// The debits of table `transactions`, by order.
    pub debits: Bag<u8>,
    /// The credits of that table that name an order, by order.
    pub refunds: Bag<u8>,
    /// Results that were refused.
    pub dead_letters: u8,
    /// Accidents that may still happen.
    pub left: Faults,
}

impl State {
    /// Writes a row.
    pub fn enqueue(&mut self, event: Event) {
        self.outbox.insert((event, Row::Free));
    }

    /// Takes a delivery on to its next step.
    pub fn advance(&mut self, delivery: Delivery, step: Step) {
        self.deliveries.remove(&delivery);
        self.deliveries.insert(Delivery { step, ..delivery });
    }

    /// The decision about an order.
    pub fn decision(&self, order: u8) -> Option<Event> {
        self.decisions.iter().copied().find(|decision| decision.order() == order)
    }

    /// How often an order was debited, and paid back.
    pub fn entries(&self, order: u8) -> (usize, usize) {
        let count = |entries: &Bag<u8>| entries.iter().filter(|entry| **entry == order).count();
        (count(&self.debits), count(&self.refunds))
    }

    /// Whether nothing is under way any more, every order is final, and CANCELLED if it was to be.
    pub fn is_settled(&self) -> bool {
        self.waiting.is_empty()
            && self.outbox.is_empty()
            && self.queue.is_empty()
            && self.deliveries.is_empty()
            && self.orders.iter().all(|order| match order.status {
                Status::New => false,
                Status::Finished => !order.cancelling,
                Status::Failed(_) | Status::Refunded => true,
            })
    }
}

/// A multiset, kept sorted so that equal ones are equal states.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bag<T>(Vec<T>);

impl<T> Default for Bag<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> Bag<T> {
    /// Adds one.
    pub fn insert(&mut self, item: T) {
        let place = self.0.partition_point(|other| *other < item);
        self.0.insert(place, item);
    }

    /// Takes one away.
    ///
    /// # Panics
    /// If it is not there: a step of the model is wrong.
    pub fn remove(&mut self, item: &T) {
        let place = self.0.binary_search(item).expect("what is taken is there");
        self.0.remove(place);
    }

    /// Puts one in the place of another.
    ///
    /// # Panics
    /// As [`Self::remove`].
    pub fn replace(&mut self, item: &T, by: T) {
        self.remove(item);
        self.insert(by);
    }

    /// Each of them once.
    pub fn distinct(&self) -> impl Iterator<Item = &T> {
        self.0.chunk_by(|one, other| one == other).map(|equals| &equals[0])
    }

    /// Takes all away, and returns them.
    pub fn take(&mut self) -> Vec<T> {
        std::mem::take(&mut self.0)
    }
}

impl<T> std::ops::Deref for Bag<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

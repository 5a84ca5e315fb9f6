//! The protocol's rules, each of which can be dropped to see what it is for.

use clap::ValueEnum;

use crate::bounds::Bounds;
use crate::properties as property;

/// A rule of docs/MESSAGING.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum Rule {
    /// T1: the same Idempotency-Key finds the order that it created.
    IdempotencyKey,
    /// T2: a row leaves the outbox only with the commit that follows the confirm.
    DeleteAfterConfirm,
    /// T2: a commit waits for the confirm.
    AwaitConfirm,
    /// T2: a message that no queue takes is not sent.
    HeedReturn,
    /// T2: what was sent from memory is deleted by the row's id, not by the event's.
    ForgetRows,
    /// T3: of two transactions with the same message one waits for the other.
    Inbox,
    /// T3: a decision that exists is final, whatever the inbox knows.
    StoredDecision,
    /// T3: a decision that exists is told again.
    TellAgain,
    /// T3: nobody else reads a balance that is about to change.
    LockAccount,
    /// T3: no more is debited than there is.
    CheckBalance,
    /// T3: an order is decided once, whichever of its requests comes first.
    OneDecision,
    /// T3: an order that is cancelled before it is decided is decided by that.
    DecideCancellation,
    /// T3: what was paid back is not paid back again.
    RefundOnce,
    /// T3, T4: a message is acknowledged after the commit.
    AckAfterCommit,
    /// T4: an order is settled only while it waits for that: it is NEW, or paid and to be cancelled.
    SettleOnlyNew,
    /// T4: a refund settles an order that is NEW still.
    RefundFirst,
    /// T4: nothing is cancelled that nobody asked for.
    CancelOnlyRequested,
    /// T5: what is not answered is asked for again.
    Sweep,
    /// T6: a cancellation is noted, so that the sweep asks again for it.
    NoteCancellation,
    /// T7: an order that is to be cancelled is not shipped.
    KeepBack,
}

impl Rule {
    /// The property that does not hold without the rule, and the bounds within which that shows.
    ///
    /// What loses a message is healed by the sweep, and so shows only without it.
    pub fn protects(self) -> (&'static str, Bounds) {
        match self {
            Self::IdempotencyKey => (property::ONE_ORDER_PER_KEY, Bounds::NO_SWEEP),
            Self::DeleteAfterConfirm | Self::AwaitConfirm | Self::HeedReturn | Self::AckAfterCommit => {
                (property::SETTLED_AT_REST, Bounds::NO_SWEEP)
            }
            Self::OneDecision => (property::ONE_DECISION_PER_ORDER, Bounds::CANCELLING),
            Self::DecideCancellation => (property::CANCELLED_COSTS_NOTHING, Bounds::CANCELLING),
            Self::RefundOnce => (property::REFUNDED_ONCE, Bounds::CANCELLING),
            Self::RefundFirst => (property::SETTLED_AT_REST, Bounds::CANCELLING_CALMLY),
            Self::KeepBack => (property::SHIPPED_IS_KEPT, Bounds::CANCELLING),
            Self::NoteCancellation => (property::SETTLED_AT_REST, Bounds::CANCELLING_WIPES),
            Self::Inbox => (property::REFUNDED_ONCE, Bounds::CANCELLING),
            Self::StoredDecision => (property::ONE_DECISION_PER_ORDER, Bounds::LATE),
            Self::LockAccount => (property::BOOKS_BALANCE, Bounds::CONTENTION),
            Self::CheckBalance => (property::NEVER_NEGATIVE, Bounds::CONTENTION),
            Self::SettleOnlyNew | Self::CancelOnlyRequested => (property::FINAL_AS_DECIDED, Bounds::LATE),
            Self::TellAgain | Self::Sweep | Self::ForgetRows => (property::SETTLED_AT_REST, Bounds::WIPES),
        }
    }
}

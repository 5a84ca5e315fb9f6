//! What always holds. One rule is one entry of one list; a finding bears its name.

use std::time::Duration;

use crate::orders::{Case, Decision, Order};

/// Something that always holds.
pub struct Rule {
    /// Its name, for good: alarms and run-books refer to it.
    pub name: &'static str,
    /// What holds.
    pub says: &'static str,
    pub(crate) check: Check,
}

/// How a rule is checked. A query returns the id of whatever breaks the rule, and what is wrong with it.
pub(crate) enum Check {
    /// Of the accounts `$1` to `$2`.
    Accounts(&'static str),
    /// Of the ledger entries `$1` to `$2`.
    Entries(&'static str),
    /// What is wrong with an order or its decision, if anything is; some of it only after this patience.
    Orders(fn(&Case, Duration) -> Option<String>),
    /// Of either outbox, after a patience of `$1` seconds.
    Outbox(&'static str),
}

/// All of them.
pub static RULES: [Rule; 18] = [
    Rule {
        name: "balance-ends-ledger",
        says: "An account's balance is the balance after its last ledger entry, and 0 without one.",
        check: Check::Accounts(
            "-- audit_balance_ends_ledger
             SELECT id::text, format('its balance is %s, and its ledger ends with %s', balance, ledger) FROM (
                 SELECT id, balance, coalesce((SELECT balance_after FROM transactions WHERE account_id = accounts.id
                                               ORDER BY id DESC LIMIT 1), 0) AS ledger
                 FROM accounts WHERE id BETWEEN $1 AND $2
             ) AS account
             WHERE balance <> ledger",
        ),
    },
    Rule {
        name: "entry-continues-ledger",
        says: "An entry's balance is that after the account's entry before it, or 0, plus a credit or minus a debit.",
        check: Check::Entries(
            "-- audit_entry_continues_ledger
             SELECT id::text, format('it leaves account %s with %s, and not with %s', account_id, balance_after, expected)
             FROM (
                 SELECT id, account_id, balance_after,
                        coalesce((SELECT balance_after FROM transactions AS earlier
                                  WHERE earlier.account_id = entry.account_id AND earlier.id < entry.id
                                  ORDER BY earlier.id DESC LIMIT 1), 0)
                        + CASE type WHEN 'CREDIT' THEN amount ELSE -amount END AS expected
                 FROM transactions AS entry WHERE id BETWEEN $1 AND $2
             ) AS entry
             WHERE balance_after <> expected",
        ),
    },
    Rule {
        name: "entry-not-overdrawn",
        says: "No entry leaves a negative balance.",
        check: Check::Entries(
            "-- audit_entry_not_overdrawn
             SELECT id::text, format('it leaves account %s with %s', account_id, balance_after) FROM transactions
             WHERE id BETWEEN $1 AND $2 AND balance_after < 0",
        ),
    },
    Rule {
        name: "entry-has-account",
        says: "An entry belongs to an account.",
        check: Check::Entries(
            "-- audit_entry_has_account
             SELECT id::text, format('there is no account %s', account_id) FROM transactions
             WHERE id BETWEEN $1 AND $2
               AND NOT EXISTS (SELECT FROM accounts WHERE accounts.id = transactions.account_id)",
        ),
    },
    Rule {
        name: "debit-was-decided",
        says: "A debit is for an order that is decided SUCCEEDED.",
        check: Check::Entries(
            "-- audit_debit_was_decided
             SELECT id::text, format('it debits order %s, which is not decided SUCCEEDED', reference_order_id)
             FROM transactions
             WHERE id BETWEEN $1 AND $2 AND type = 'DEBIT'
               AND NOT EXISTS (SELECT FROM payments WHERE order_id = reference_order_id AND outcome = 'SUCCEEDED')",
        ),
    },
    Rule {
        name: "refund-was-paid",
        says: "A credit that names an order is for one that is decided SUCCEEDED.",
        check: Check::Entries(
            "-- audit_refund_was_paid
             SELECT id::text, format('it pays back order %s, which is not decided SUCCEEDED', reference_order_id)
             FROM transactions
             WHERE id BETWEEN $1 AND $2 AND type = 'CREDIT' AND reference_order_id IS NOT NULL
               AND NOT EXISTS (SELECT FROM payments WHERE order_id = reference_order_id AND outcome = 'SUCCEEDED')",
        ),
    },
    Rule {
        name: "payment-debited-once",
        says: "An order that is decided SUCCEEDED has one debit, of that amount, from that user's account.",
        check: Check::Orders(payment_debited_once),
    },
    Rule {
        name: "payment-refunded-once",
        says: "An order has at most one refund, of its amount, to its user's account.",
        check: Check::Orders(payment_refunded_once),
    },
    Rule {
        name: "decision-was-ordered",
        says: "Nothing is decided that was never ordered.",
        check: Check::Orders(decision_was_ordered),
    },
    Rule {
        name: "decision-matches-order",
        says: "A decision is about its order's user and amount.",
        check: Check::Orders(decision_matches_order),
    },
    Rule {
        name: "finished-was-paid",
        says: "An order that is FINISHED is decided SUCCEEDED.",
        check: Check::Orders(finished_was_paid),
    },
    Rule {
        name: "cancelled-was-refused",
        says: "An order that is CANCELLED is decided FAILED, for the same reason, or REFUNDED, and that it is.",
        check: Check::Orders(cancelled_was_refused),
    },
    Rule {
        name: "shipped-was-kept",
        says: "An order that is shipped is not paid back.",
        check: Check::Orders(shipped_was_kept),
    },
    Rule {
        name: "refund-settled-in-time",
        says: "An order that is paid back is CANCELLED before patience ends.",
        check: Check::Orders(refund_settled_in_time),
    },
    Rule {
        name: "cancellation-settled-in-time",
        says: "An order that is to be cancelled is CANCELLED before patience ends.",
        check: Check::Orders(cancellation_settled_in_time),
    },
    Rule {
        name: "order-decided-in-time",
        says: "An order that is NEW is decided before patience ends.",
        check: Check::Orders(order_decided_in_time),
    },
    Rule {
        name: "decision-settled-in-time",
        says: "An order that is decided is not NEW any more before patience ends.",
        check: Check::Orders(decision_settled_in_time),
    },
    Rule {
        name: "outbox-drains",
        says: "No message is in an outbox for longer than patience.",
        check: Check::Outbox(
            "-- audit_outbox_drains
             SELECT message_id::text, format('%s waits in the outbox since %s', type, created_at) FROM (
                 SELECT * FROM outbox ORDER BY id LIMIT 1
             ) AS oldest
             WHERE created_at < now() - $1 * interval '1 second'",
        ),
    },
];

fn payment_debited_once(case: &Case, _: Duration) -> Option<String> {
    let Decision { user, amount, reason: None, debits, right_debits, .. } = case.decision.as_ref()? else {
        return None;
    };
    let is_right = *debits == 1 && *right_debits == 1;
    (!is_right).then(|| {
        format!("it has {debits} debits, {right_debits} of them of {amount} from the account of user {user}")
    })
}

fn payment_refunded_once(case: &Case, _: Duration) -> Option<String> {
    let Decision { user, amount, refunds, right_refunds, .. } = case.decision.as_ref()?;
    let is_right = *refunds == 0 || (*refunds == 1 && *right_refunds == 1);
    (!is_right).then(|| {
        format!("it has {refunds} refunds, {right_refunds} of them of {amount} to the account of user {user}")
    })
}

fn decision_was_ordered(case: &Case, _: Duration) -> Option<String> {
    case.order.is_none().then(|| format!("it is {}, and there is no such order", case.decided()))
}

fn decision_matches_order(case: &Case, _: Duration) -> Option<String> {
    let (order, decision) = case.both()?;
    let is_same = (order.user, order.amount) == (decision.user, decision.amount);
    (!is_same).then(|| {
        let ordered = format!("user {} ordered for {}", order.user, order.amount);
        format!("{ordered}, and it is decided for user {} and {}", decision.user, decision.amount)
    })
}

fn finished_was_paid(case: &Case, _: Duration) -> Option<String> {
    let is_paid = case.decision.as_ref().is_some_and(|decision| decision.reason.is_none());
    let is_finished = case.order.as_ref()?.status == "FINISHED";
    (is_finished && !is_paid).then(|| format!("it is FINISHED and {}", case.decided()))
}

fn cancelled_was_refused(case: &Case, _: Duration) -> Option<String> {
    let order = case.order.as_ref()?;
    let refused = case.decision.as_ref().and_then(|decision| decision.reason.as_deref());
    let is_right = match order.reason.as_deref() {
        Some("REFUNDED") => case.decision.as_ref().is_some_and(|decision| decision.refunds > 0),
        reason => refused.is_some() && refused == reason,
    };
    let reason = order.reason.as_deref().unwrap_or("no reason");
    (order.status == "CANCELLED" && !is_right)
        .then(|| format!("it is CANCELLED for {reason} and {}", case.decided()))
}

fn shipped_was_kept(case: &Case, _: Duration) -> Option<String> {
    let (order, decision) = case.both()?;
    (order.is_shipped() && decision.refunds > 0).then(|| "it is shipped, and paid back".to_owned())
}

fn refund_settled_in_time(case: &Case, patience: Duration) -> Option<String> {
    let (order, decision) = case.both()?;
    let age = order.age_of(decision.refunded_at?);
    (order.status != "CANCELLED" && age > patience)
        .then(|| format!("it is {}, and paid back for {} s", order.status, age.as_secs()))
}

fn cancellation_settled_in_time(case: &Case, patience: Duration) -> Option<String> {
    let order = case.order.as_ref()?;
    let age = order.age_of(order.cancel_requested_at?);
    (order.status != "CANCELLED" && age > patience)
        .then(|| format!("it is {}, and to be cancelled for {} s", order.status, age.as_secs()))
}

fn order_decided_in_time(case: &Case, patience: Duration) -> Option<String> {
    let order = case.order.as_ref().filter(|_| case.decision.is_none())?;
    let age = order.age_of(order.created_at);
    (order.status == "NEW" && age > patience)
        .then(|| format!("it is NEW for {} s, and not decided", age.as_secs()))
}

fn decision_settled_in_time(case: &Case, patience: Duration) -> Option<String> {
    let (order, decision) = case.both()?;
    let age = order.age_of(decision.decided_at);
    (order.status == "NEW" && age > patience)
        .then(|| format!("it is NEW, and {} for {} s", case.decided(), age.as_secs()))
}

impl Case {
    fn both(&self) -> Option<(&Order, &Decision)> {
        self.order.as_ref().zip(self.decision.as_ref())
    }

    fn decided(&self) -> String {
        match &self.decision {
            None => "not decided".into(),
            Some(Decision { reason: None, .. }) => "decided SUCCEEDED".into(),
            Some(Decision { reason: Some(reason), .. }) => format!("decided FAILED for {reason}"),
        }
    }
}

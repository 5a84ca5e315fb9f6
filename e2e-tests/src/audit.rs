use std::collections::{BTreeMap, HashMap, HashSet};

use stack::Addresses;

use crate::load::Acknowledged;
use crate::{Book, Broker, Database, until};

/// Rules over the payments database, each with the query that finds what breaks it.
const MONEY: [(&str, &str); 6] = [
    (
        "a balance is its credits minus its debits",
        "SELECT format('account %s holds %s, its ledger says %s', id, balance, ledger) FROM (
             SELECT id, balance, coalesce((SELECT sum(CASE type WHEN 'CREDIT' THEN amount ELSE -amount END)
                                           FROM transactions WHERE account_id = accounts.id), 0) AS ledger
             FROM accounts) AS account
         WHERE balance <> ledger OR balance < 0",
    ),
    (
        "the entries of an account are an unbroken chain",
        "SELECT format('entry %s of account %s leaves %s and not %s', id, account_id, balance_after, expected) FROM (
             SELECT *, lag(balance_after, 1, 0::bigint) OVER (PARTITION BY account_id ORDER BY id)
                       + CASE type WHEN 'CREDIT' THEN amount ELSE -amount END AS expected
             FROM transactions) AS entry
         WHERE balance_after <> expected",
    ),
    (
        "an entry belongs to an account",
        "SELECT format('entry %s has no account %s', id, account_id) FROM transactions
         WHERE account_id NOT IN (SELECT id FROM accounts)",
    ),
    (
        "an order is debited once",
        "SELECT format('order %s is debited %s times', reference_order_id, count(*)) FROM transactions
         WHERE type = 'DEBIT' GROUP BY reference_order_id HAVING count(*) > 1",
    ),
    (
        "a decision to pay is a debit of its amount from its user's account",
        "SELECT format('order %s is decided SUCCEEDED without such a debit', order_id) FROM payments
         WHERE outcome = 'SUCCEEDED' AND NOT EXISTS (
             SELECT FROM transactions JOIN accounts ON accounts.id = account_id
             WHERE type = 'DEBIT' AND reference_order_id = order_id
               AND transactions.amount = payments.amount AND accounts.user_id = payments.user_id)",
    ),
    (
        "a debit has a decision to pay",
        "SELECT format('order %s is debited without being decided SUCCEEDED', reference_order_id) FROM transactions
         WHERE type = 'DEBIT'
           AND reference_order_id NOT IN (SELECT order_id FROM payments WHERE outcome = 'SUCCEEDED')",
    ),
];

/// The check that everything is where it belongs, over both databases and the broker.
pub struct Audit {
    addresses: Addresses,
}

/// An order, as either database knows it.
#[derive(Debug, PartialEq, Eq)]
struct Fact {
    user: String,
    amount: i64,
    /// PAID, or why not.
    outcome: String,
}

impl Audit {
    /// The audit of a system.
    pub fn of(addresses: &Addresses) -> Self {
        Self { addresses: addresses.clone() }
    }

    /// Waits until every order is final and both outboxes are empty, and checks everything.
    ///
    /// # Panics
    /// With all that is wrong.
    pub async fn passes(&self) {
        self.settles().await;
        let mut findings = self.money().await;
        findings.extend(self.orders().await);
        findings.extend(self.innocent_dead_letters().await);
        assert!(findings.is_empty(), "the audit found:\n{}", findings.join("\n"));
    }

    /// [`Self::passes`], and everything that was acknowledged is there, and nothing besides.
    ///
    /// # Panics
    /// With all that is wrong.
    pub async fn accounts_for(&self, book: &Book) {
        self.passes().await;
        let mut findings = book.flaws.clone();
        findings.extend(self.acknowledged_orders(&book.orders).await);
        findings.extend(self.acknowledged_deposits(&book.deposits).await);
        assert!(findings.is_empty(), "the audit found:\n{}", findings.join("\n"));
    }

    /// What is wrong with the payments database, by itself.
    pub async fn money(&self) -> Vec<String> {
        let payments = Database::connect(&self.addresses.payments_database).await;
        let mut findings = Vec::new();
        for (rule, query) in MONEY {
            let found = payments.texts(query).await;
            findings.extend(found.into_iter().map(|finding| format!("{rule}: {finding}")));
        }
        findings
    }

    /// Waits until every order is final and both outboxes are empty.
    ///
    /// # Panics
    /// If that does not happen.
    pub async fn settles(&self) {
        let orders = Database::connect(&self.addresses.orders_database).await;
        let payments = Database::connect(&self.addresses.payments_database).await;
        until("every order is final and both outboxes are empty", async || {
            let mut waiting = orders
                .texts("SELECT format('order %s is NEW', id) FROM orders WHERE status = 'NEW' LIMIT 5")
                .await;
            for database in [&orders, &payments] {
                let query = "SELECT format('%s %s is in the outbox', type, message_id) FROM outbox LIMIT 5";
                waiting.extend(database.texts(query).await);
            }
            if waiting.is_empty() { Ok(()) } else { Err(waiting.join(", ")) }
        })
        .await;
    }

    /// Orders and decisions say the same.
    async fn orders(&self) -> Vec<String> {
        let orders = facts(
            &self.addresses.orders_database,
            "SELECT id::text, user_id::text, amount,
                    CASE status WHEN 'FINISHED' THEN 'PAID' ELSE coalesce(cancel_reason, status) END
             FROM orders",
        );
        let decisions = facts(
            &self.addresses.payments_database,
            "SELECT order_id::text, user_id::text, amount, coalesce(reason, 'PAID') FROM payments",
        );
        let (orders, mut decisions) = (orders.await, decisions.await);
        let mut findings = Vec::new();
        for (id, order) in &orders {
            match decisions.remove(id) {
                Some(decision) if decision == *order => {}
                Some(decision) => findings.push(format!("order {id} is {order:?}, decided {decision:?}")),
                None => findings.push(format!("order {id} is {order:?} and was never decided")),
            }
        }
        findings.extend(decisions.keys().map(|id| format!("order {id} was decided and does not exist")));
        findings
    }

    /// Nothing that the system itself sent is a dead letter.
    async fn innocent_dead_letters(&self) -> Vec<String> {
        let letters = Broker::of(&self.addresses).dead_letters().await;
        letters.into_iter().map(|letter| format!("dead letter: {}", letter.payload)).collect()
    }

    async fn acknowledged_orders(&self, acknowledged: &[Acknowledged]) -> Vec<String> {
        let database = Database::connect(&self.addresses.orders_database).await;
        let rows =
            database.rows("SELECT id::text, user_id::text, amount, idempotency_key FROM orders", &[]).await;
        let stored = rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2), row.get(3))));
        let mut stored: HashMap<String, (String, i64, Option<String>)> = stored.collect();
        let mut findings = Vec::new();
        let mut users = HashSet::new();
        for Acknowledged { id, user, amount, key } in acknowledged {
            users.insert(user.to_string());
            let expected = (user.to_string(), *amount, Some(key.clone()));
            match stored.remove(&id.to_string()) {
                Some(order) if order == expected => {}
                other => {
                    findings.push(format!("order {id} of {expected:?} was acknowledged and is {other:?}"));
                }
            }
        }
        let extra = stored.iter().filter(|(_, (user, ..))| users.contains(user));
        findings.extend(extra.map(|(id, order)| format!("order {id} {order:?} was never acknowledged")));
        findings
    }

    async fn acknowledged_deposits(&self, acknowledged: &[Acknowledged]) -> Vec<String> {
        let database = Database::connect(&self.addresses.payments_database).await;
        let query =
            "SELECT account_id::text, idempotency_key, amount FROM transactions WHERE type = 'CREDIT'";
        let rows = database.rows(query, &[]).await;
        let stored = rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2)));
        let mut stored: BTreeMap<(String, Option<String>), i64> = stored.collect();
        let mut findings = Vec::new();
        let mut accounts = HashSet::new();
        for Acknowledged { id, amount, key, .. } in acknowledged {
            accounts.insert(id.to_string());
            let credit = stored.remove(&(id.to_string(), Some(key.clone())));
            if credit != Some(*amount) {
                findings
                    .push(format!("deposit {key} of {amount} to {id} was acknowledged and is {credit:?}"));
            }
        }
        let extra = stored.iter().filter(|((account, _), _)| accounts.contains(account));
        findings
            .extend(extra.map(|(credit, amount)| format!("{amount} to {credit:?} was never acknowledged")));
        findings
    }
}

async fn facts(database: &str, query: &str) -> HashMap<String, Fact> {
    let rows = Database::connect(database).await.rows(query, &[]).await;
    rows.iter()
        .map(|row| (row.get(0), Fact { user: row.get(1), amount: row.get(2), outcome: row.get(3) }))
        .collect()
}

use std::collections::{BTreeMap, HashMap, HashSet};

use stack::Addresses;

use crate::load::Acknowledged;
use crate::{Book, Broker, Database, until};

/// The check that everything is where it belongs, over both databases and the broker.
pub struct Audit {
    addresses: Addresses,
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
        let mut findings = self.violations().await;
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

    /// Waits until every order is final and both outboxes are empty.
    ///
    /// # Panics
    /// If that does not happen.
    pub async fn settles(&self) {
        let orders = Database::connect(&self.addresses.orders_database).await;
        let payments = Database::connect(&self.addresses.payments_database).await;
        until("every order is final and both outboxes are empty", async || {
            let query = "SELECT format('order %s is %s', id, status) FROM orders
                         WHERE status = 'NEW' OR (cancel_requested_at IS NOT NULL AND status <> 'CANCELLED') LIMIT 5";
            let mut waiting = orders.texts(query).await;
            for database in [&orders, &payments] {
                let query = "SELECT format('%s %s is in the outbox', type, message_id) FROM outbox LIMIT 5";
                waiting.extend(database.texts(query).await);
            }
            if waiting.is_empty() { Ok(()) } else { Err(waiting.join(", ")) }
        })
        .await;
    }

    /// What breaks a rule in the databases.
    async fn violations(&self) -> Vec<String> {
        let Addresses { orders_database, payments_database, .. } = &self.addresses;
        let found = ::audit::Audit::of(orders_database, payments_database).findings().await;
        let found = found.unwrap_or_else(|error| panic!("{error}"));
        found.iter().map(ToString::to_string).collect()
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
        let query = "SELECT account_id::text, idempotency_key, amount FROM transactions WHERE type = 'CREDIT' AND reference_order_id IS NULL";
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

//! Requests that are wrong: each is told what is wrong with it, as a 4xx problem document, and changes nothing.

mod bodies;
mod requests;

use e2e_tests::{Account, Database, Request, Shop};
use stack::SystemOptions;

use crate::support::{Outside, Own, is_against_address, outside, own};

/// A system that nobody else uses, so that rows can be counted; or the one that the tests were given, whose API has to do.
enum Ground {
    Own(Box<Own>),
    Given(Box<Outside>),
}

/// What there is before and after.
#[derive(Debug, PartialEq)]
struct Inventory {
    rows: Vec<i64>,
    account: Account,
    orders: usize,
}

impl Ground {
    async fn find() -> Self {
        if is_against_address() {
            return Self::Given(Box::new(outside().await));
        }
        let system = own(SystemOptions::default()).await.expect("a system of our own");
        Self::Own(Box::new(system))
    }

    fn shop(&self) -> &Shop {
        match self {
            Self::Own(system) => &system.shop,
            Self::Given(outside) => &outside.shop,
        }
    }

    async fn inventory(&self, account: &Account) -> Inventory {
        let path = format!("/payments/balance/{}", account.bill_id);
        let now = self.shop().get(&path).send().await.expect(200).json();
        let orders = self.shop().orders_of(account.user_id).await.len();
        let mut rows = Vec::new();
        if let Self::Own(system) = self {
            let (ours, theirs) = tokio::join!(system.orders_database(), system.payments_database());
            count(&ours, &["orders", "outbox", "inbox"], &mut rows).await;
            count(&theirs, &["accounts", "transactions", "payments", "outbox", "inbox"], &mut rows).await;
        }
        Inventory { rows, account: now, orders }
    }
}

async fn count(database: &Database, tables: &[&str], rows: &mut Vec<i64>) {
    for table in tables {
        rows.push(database.number(&format!("SELECT count(*) FROM {table}")).await);
    }
}

/// Sends requests, each of which must be refused with the status and the code beside it, and change nothing.
async fn all_refused(ground: &Ground, account: &Account, requests: Vec<(String, Request, u16, &str)>) {
    let before = ground.inventory(account).await;
    for (name, request, status, code) in requests {
        let answer = request.send().await;
        assert_eq!(answer.status(), status, "{name}: {answer}");
        answer.problem(status, code);
    }
    assert_eq!(ground.inventory(account).await, before);
}

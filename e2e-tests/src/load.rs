use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{Account, Answer, Order, PATIENCE, Request, Shop, until};

/// What a client does between two requests: it keeps a small machine from doing nothing but this.
const PACE: Duration = Duration::from_millis(8);
/// What a client does before it repeats a request that failed.
const RETRY: Duration = Duration::from_millis(50);
/// Orders beyond what accounts hold are part of it.
const FIRST_DEPOSIT: i64 = 20_000;

/// Clients that deposit and order without a pause and never give up: whatever happens, each request is repeated with its
/// Idempotency-Key until it is answered.
pub struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Book>>,
}

/// What clients know in the end.
#[derive(Debug, Default)]
pub struct Book {
    /// Orders that were answered 201.
    pub orders: Vec<Acknowledged>,
    /// Deposits that were answered 200.
    pub deposits: Vec<Acknowledged>,
    /// How often a request had to be repeated, by the problem's code.
    pub repetitions: BTreeMap<String, usize>,
    /// Answers that there must never be: no 2xx, and no 5xx with a good problem document.
    pub flaws: Vec<String>,
}

/// A request that has taken effect.
#[derive(Debug)]
pub struct Acknowledged {
    /// The order, or the account of a deposit.
    pub id: Uuid,
    /// Whose.
    pub user: Uuid,
    /// In kopecks.
    pub amount: i64,
    /// The request's Idempotency-Key.
    pub key: String,
}

impl Load {
    /// Starts clients, each with an account and a user of its own.
    pub fn start(shop: &Shop, clients: usize) -> Self {
        let (stop, acknowledged) = (Arc::default(), Arc::default());
        let client = |_| {
            let client = Client {
                shop: shop.clone(),
                book: Book::default(),
                stop: Arc::clone(&stop),
                acknowledged: Arc::clone(&acknowledged),
            };
            tokio::spawn(client.run())
        };
        let clients = (0..clients).map(client).collect();
        Self { stop, acknowledged, clients }
    }

    /// Waits until `count` more requests have taken effect.
    pub async fn advances(&self, count: usize) {
        let goal = self.acknowledged.load(Ordering::Relaxed) + count;
        until("the load goes on", async || {
            let now = self.acknowledged.load(Ordering::Relaxed);
            if now < goal { Err(format!("{} requests are missing", goal - now)) } else { Ok(()) }
        })
        .await;
    }

    /// Lets every client finish what it is doing, and returns what they know together.
    ///
    /// # Panics
    /// If a client did.
    pub async fn stop(self) -> Book {
        self.stop.store(true, Ordering::Relaxed);
        let mut book = Book::default();
        for client in self.clients {
            book.append(client.await.expect("a client"));
        }
        println!(
            "{} orders, {} deposits, repeated for {:?}",
            book.orders.len(),
            book.deposits.len(),
            book.repetitions
        );
        book
    }
}

impl Book {
    fn append(&mut self, other: Self) {
        self.orders.extend(other.orders);
        self.deposits.extend(other.deposits);
        for (code, count) in other.repetitions {
            *self.repetitions.entry(code).or_default() += count;
        }
        self.flaws.extend(other.flaws);
    }
}

struct Client {
    shop: Shop,
    book: Book,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
}

impl Client {
    async fn run(mut self) -> Book {
        let user = Uuid::new_v4();
        let opening = |shop: &Shop| shop.opening(user).key("open");
        let Some(account) = self.persist(opening).await else {
            return self.book;
        };
        let bill = account.json::<Account>().bill_id;
        self.deposit(user, bill, FIRST_DEPOSIT).await;
        while !self.stop.load(Ordering::Relaxed) {
            match fastrand::u8(..10) {
                0 => self.order(Uuid::new_v4(), 100).await,
                1 | 2 => self.deposit(user, bill, fastrand::i64(1..=500)).await,
                _ => self.order(user, fastrand::i64(1..=1000)).await,
            }
            sleep(PACE).await;
        }
        self.book
    }

    async fn order(&mut self, user: Uuid, amount: i64) {
        let key = Uuid::new_v4().to_string();
        let Some(answer) = self.persist(|shop| shop.ordering(user, amount, &key).key(&key)).await else {
            return;
        };
        let order: Order = answer.json();
        let is_same = (order.user_id, order.amount) == (user, amount) && order.description == key;
        if !is_same || answer.status() != 201 {
            self.book.flaws.push(format!("this is not the order of {key}: {answer}"));
        }
        self.book.orders.push(Acknowledged { id: order.id, user, amount, key });
    }

    async fn deposit(&mut self, user: Uuid, bill: Uuid, amount: i64) {
        let key = Uuid::new_v4().to_string();
        if self.persist(|shop| shop.depositing(bill, amount).key(&key)).await.is_some() {
            self.book.deposits.push(Acknowledged { id: bill, user, amount, key });
        }
    }

    /// Sends a request until it has taken effect.
    async fn persist(&mut self, request: impl Fn(&Shop) -> Request) -> Option<Answer> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let code = match request(&self.shop).try_send().await {
                Ok(answer) if answer.status() < 300 => {
                    self.acknowledged.fetch_add(1, Ordering::Relaxed);
                    return Some(answer);
                }
                Ok(answer) if answer.status() < 500 => {
                    self.book.flaws.push(answer.to_string());
                    return None;
                }
                Ok(answer) => match answer.flaw_as_problem() {
                    None => answer.json::<serde_json::Value>()["code"].to_string(),
                    Some(flaw) => {
                        self.book.flaws.push(flaw);
                        "flawed".into()
                    }
                },
                // The gateway is up all the time.
                Err(error) => {
                    self.book.flaws.push(format!("no answer: {error:?}"));
                    "no answer".into()
                }
            };
            *self.book.repetitions.entry(code).or_default() += 1;
            sleep(RETRY).await;
        }
        self.book.flaws.push(format!("given up after {PATIENCE:?}"));
        None
    }
}

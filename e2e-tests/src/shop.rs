use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, until};

/// Nothing here answers later: the gateway gives up before.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client of the API at one address. Each has connections of its own; cloning shares them.
#[derive(Clone)]
pub struct Shop {
    http: Client,
    base: String,
}

/// An account, as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// The account.
    pub bill_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// In kopecks.
    pub balance: i64,
    /// How often its balance has changed.
    pub version: i64,
    /// When it was opened.
    pub created_at: String,
    /// When its balance last changed.
    pub updated_at: String,
}

/// An order, as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Order {
    /// The order.
    pub id: Uuid,
    /// Who pays.
    pub user_id: Uuid,
    /// In kopecks.
    pub amount: i64,
    /// What for.
    pub description: String,
    /// NEW, FINISHED or CANCELLED.
    pub status: String,
    /// Why, if it is cancelled.
    pub cancel_reason: Option<String>,
    /// When it was asked to be cancelled.
    pub cancel_requested_at: Option<String>,
    /// PENDING, SHIPPED or DELIVERED, once it is paid.
    pub delivery_status: Option<String>,
    /// When it was created.
    pub created_at: String,
    /// When its status last changed.
    pub updated_at: String,
}

/// An entry of an account's ledger, as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// CREDIT or DEBIT.
    #[serde(rename = "type")]
    pub kind: String,
    /// In kopecks.
    pub amount: i64,
    /// The order that a debit pays for, or a credit pays back.
    pub order_id: Option<Uuid>,
    /// The account's balance right after it, in kopecks.
    pub balance_after: i64,
}

/// A request that has not been sent.
#[must_use]
pub struct Request {
    http: RequestBuilder,
    line: String,
}

impl Shop {
    /// A client of the API at `base`, for example `http://127.0.0.1:8080`.
    ///
    /// # Panics
    /// If the machine has no sockets left.
    pub fn at(base: &str) -> Self {
        let http = Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("an HTTP client");
        Self { http, base: base.trim_end_matches('/').to_owned() }
    }

    /// The address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request without a body.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let line = format!("{method} {path}");
        Request { http: self.http.request(method, format!("{}{path}", self.base)), line }
    }

    /// `GET path`.
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// `POST path`, without a body yet.
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// The POST that opens an account.
    pub fn opening(&self, user: Uuid) -> Request {
        self.post(&format!("/payments/create/{user}"))
    }

    /// The POST that deposits.
    pub fn depositing(&self, bill: Uuid, amount: i64) -> Request {
        self.post(&format!("/payments/add/{bill}")).json(json!({ "amount": amount }))
    }

    /// The POST that orders.
    pub fn ordering(&self, user: Uuid, amount: i64, description: &str) -> Request {
        let body = json!({ "amount": amount, "description": description });
        self.post(&format!("/orders/create/{user}")).json(body)
    }

    /// The POST that asks for an order to be cancelled.
    pub fn cancelling(&self, order: Uuid) -> Request {
        self.post(&format!("/orders/cancel/{order}"))
    }

    /// Opens the user's account.
    pub async fn open_account(&self, user: Uuid) -> Account {
        self.insist(|| self.opening(user)).await.expect(201).json()
    }

    /// Deposits.
    pub async fn deposit(&self, bill: Uuid, amount: i64) -> Account {
        self.insist(|| self.depositing(bill, amount)).await.expect(200).json()
    }

    /// A new user with an account that holds `balance`.
    pub async fn customer(&self, balance: i64) -> Account {
        let account = self.open_account(Uuid::new_v4()).await;
        if balance == 0 { account } else { self.deposit(account.bill_id, balance).await }
    }

    /// Orders something.
    pub async fn order(&self, user: Uuid, amount: i64) -> Order {
        self.insist(|| self.ordering(user, amount, "a thing")).await.expect(201).json()
    }

    /// Sends a POST with a key of its own, and again while the answer is that the database took too long: on a slow machine
    /// it may.
    async fn insist(&self, request: impl Fn() -> Request) -> Answer {
        let key = Uuid::new_v4().to_string();
        until("the database keeps up", async || {
            let answer = request().key(&key).send().await;
            if answer.status() == 503 {
                answer.problem(503, "database_unavailable");
                return Err(answer.to_string());
            }
            Ok(answer)
        })
        .await
    }

    /// The account's balance.
    pub async fn balance(&self, bill: Uuid) -> i64 {
        let account: Account = self.get(&format!("/payments/balance/{bill}")).send().await.expect(200).json();
        account.balance
    }

    /// The newest entries of the account's ledger, newest first.
    pub async fn ledger(&self, bill: Uuid) -> Vec<Entry> {
        self.get(&format!("/payments/transactions/{bill}?limit=200")).send().await.expect(200).json()
    }

    /// The order as it is now.
    pub async fn status(&self, order: Uuid) -> Order {
        self.get(&format!("/orders/status/{order}")).send().await.expect(200).json()
    }

    /// The order once it is FINISHED or CANCELLED.
    pub async fn until_final(&self, order: Uuid) -> Order {
        until(format!("order {order} becomes final"), async || {
            let now = self.status(order).await;
            if now.status == "NEW" { Err("it is NEW".into()) } else { Ok(now) }
        })
        .await
    }

    /// The user's newest orders, newest first.
    pub async fn orders_of(&self, user: Uuid) -> Vec<Order> {
        self.get(&format!("/orders/orders/{user}?limit=200")).send().await.expect(200).json()
    }
}

impl Request {
    /// With an Idempotency-Key.
    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// With a header, in addition to others of that name.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.http = self.http.header(name, value.as_ref());
        self
    }

    /// With a JSON body.
    pub fn json(mut self, body: Value) -> Self {
        self.http = self.http.json(&body);
        self
    }

    /// With any body, which the header says is JSON.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.http = self.http.header("Content-Type", "application/json").body(body.into());
        self
    }

    /// With a body of no declared type.
    pub fn untyped_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.http = self.http.body(body.into());
        self
    }

    /// By a client that waits no longer than this for the whole answer.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.http = self.http.timeout(timeout);
        self
    }

    /// Sends it; the answer has begun.
    pub(crate) async fn into_response(self) -> reqwest::Result<reqwest::Response> {
        self.http.send().await
    }

    /// Sends it and reads the answer.
    ///
    /// # Errors
    /// If there is no whole answer.
    pub async fn try_send(self) -> reqwest::Result<Answer> {
        Answer::read(self.line, self.http.send().await?).await
    }

    /// Sends it and reads the answer.
    ///
    /// # Panics
    /// If there is no whole answer.
    pub async fn send(self) -> Answer {
        let line = self.line.clone();
        self.try_send().await.unwrap_or_else(|error| panic!("{line}: {error:?}"))
    }
}

/// Where the `Link` header says that the next page is.
pub fn link_to_next(answer: &Answer) -> Option<String> {
    let link = answer.header("Link")?;
    let (target, parameters) = link.split_once('>')?;
    assert_eq!(parameters, "; rel=\"next\"", "{answer}");
    target.strip_prefix('<').map(str::to_owned)
}

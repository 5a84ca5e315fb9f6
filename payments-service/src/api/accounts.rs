//! Accounts: open one, look at it and at its ledger.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use messaging::Pool;
use messaging::broadcast::Voice;
use serde::Serialize;
use service_runtime::database;
use service_runtime::http::{IDEMPOTENT_REPLAYED, IdempotencyKey, Page, PageQuery, Problem};
use uuid::Uuid;

use super::account_not_found;
use crate::domain::{AccountChange, tell};
use crate::store::{self, Account, Entry, Opening};

pub(super) async fn open(
    pool: Data<Pool>,
    voice: Data<Voice>,
    user: Path<Uuid>,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let Done { account, replayed } = open_for(&pool, &voice, *user, key).await?;
    Ok(answer(StatusCode::CREATED, &account, replayed))
}

/// What a POST did to an account.
pub(super) struct Done {
    pub account: Account,
    /// It did it before: this is the first answer again.
    pub replayed: bool,
}

pub(super) async fn open_for(
    pool: &Pool,
    voice: &Voice,
    user: Uuid,
    key: Option<String>,
) -> Result<Done, Problem> {
    let voice = voice.clone();
    let opening = database::run(pool, move |conn| {
        Box::pin(async move {
            let opening = store::open_account(conn, user, key.as_deref()).await;
            // What is committed is told, even if nobody waits for the answer any more.
            match &opening {
                Ok(Opening::Opened(account)) => tell(&voice, [AccountChange::from(account)]),
                Ok(_) => {}
                Err(_) => voice.unsure(),
            }
            opening
        })
    })
    .await?;
    match opening {
        Opening::Opened(account) => Ok(Done { account, replayed: false }),
        Opening::Replayed(account) => Ok(Done { account, replayed: true }),
        Opening::Exists(bill_id) => {
            let detail = format!("User {user} has the account {bill_id}; there is one for each user.");
            let title = "The user has an account already";
            Err(Problem::new(StatusCode::CONFLICT, "account_exists", title, detail).with_bill_id(bill_id))
        }
    }
}

/// The answer to a POST that did what it was to do.
pub(super) fn answer(status: StatusCode, account: &impl Serialize, replayed: bool) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if replayed {
        response.insert_header((IDEMPOTENT_REPLAYED, "true"));
    }
    response.json(account)
}

pub(super) async fn balance(pool: Data<Pool>, bill: Path<Uuid>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(account_with(&pool, *bill).await?))
}

pub(super) async fn of_user(pool: Data<Pool>, user: Path<Uuid>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(account_of(&pool, *user).await?))
}

pub(super) async fn transactions(
    pool: Data<Pool>,
    bill: Path<Uuid>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = query.check()?;
    let entries = entries_of(&pool, *bill, page).await?;
    Ok(page.answer(format_args!("/payments/transactions/{bill}?"), entries, |entry| entry.id))
}

pub(super) async fn account_with(pool: &Pool, bill: Uuid) -> Result<Account, Problem> {
    let found = database::run(pool, move |conn| Box::pin(store::account_with(conn, bill))).await?;
    found.ok_or_else(|| account_not_found(bill))
}

pub(super) async fn account_of(pool: &Pool, user: Uuid) -> Result<Account, Problem> {
    let found = database::run(pool, move |conn| Box::pin(store::account_of(conn, user))).await?;
    found.ok_or_else(|| account_not_found(format_args!("of user {user}")))
}

/// The entries of one page, and one more if there is a next page.
pub(super) async fn entries_of(pool: &Pool, bill: Uuid, page: Page<i64>) -> Result<Vec<Entry>, Problem> {
    let (after, limit) = (page.after, page.fetch());
    let found = database::run(pool, move |conn| Box::pin(store::entries(conn, bill, after, limit))).await?;
    found.ok_or_else(|| account_not_found(bill))
}

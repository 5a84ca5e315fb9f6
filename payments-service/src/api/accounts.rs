//! Accounts: open one, look at it and at its ledger.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use messaging::Pool;
use messaging::broadcast::Voice;
use service_runtime::database;
use service_runtime::http::{IDEMPOTENT_REPLAYED, IdempotencyKey, PageQuery, Problem};
use uuid::Uuid;

use super::account_not_found;
use crate::domain::{AccountChange, tell};
use crate::store::{self, Opening};

pub(super) async fn open(
    pool: Data<Pool>,
    voice: Data<Voice>,
    user: Path<Uuid>,
    IdempotencyKey(key): IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let user = user.into_inner();
    let opening = database::run(&pool, move |conn| {
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
        Opening::Opened(account) => Ok(HttpResponse::Created().json(account)),
        Opening::Replayed(account) => {
            Ok(HttpResponse::Created().insert_header((IDEMPOTENT_REPLAYED, "true")).json(account))
        }
        Opening::Exists(bill_id) => {
            let detail = format!("User {user} has the account {bill_id}; there is one for each user.");
            let title = "The user has an account already";
            Err(Problem::new(StatusCode::CONFLICT, "account_exists", title, detail).with_bill_id(bill_id))
        }
    }
}

pub(super) async fn balance(pool: Data<Pool>, bill: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let bill = bill.into_inner();
    let found = database::run(&pool, move |conn| Box::pin(store::account_with(conn, bill))).await?;
    let account = found.ok_or_else(|| account_not_found(bill))?;
    Ok(HttpResponse::Ok().json(account))
}

pub(super) async fn of_user(pool: Data<Pool>, user: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let user = user.into_inner();
    let found = database::run(&pool, move |conn| Box::pin(store::account_of(conn, user))).await?;
    let account = found.ok_or_else(|| account_not_found(format_args!("of user {user}")))?;
    Ok(HttpResponse::Ok().json(account))
}

pub(super) async fn transactions(
    request: HttpRequest,
    pool: Data<Pool>,
    bill: Path<Uuid>,
    query: Query<PageQuery<i64>>,
) -> Result<HttpResponse, Problem> {
    let (bill, page) = (bill.into_inner(), query.check()?);
    let found =
        database::run(&pool, move |conn| Box::pin(store::entries(conn, bill, page.after, page.fetch())))
            .await?;
    let entries = found.ok_or_else(|| account_not_found(bill))?;
    Ok(page.answer(&request, entries, |entry| entry.id))
}

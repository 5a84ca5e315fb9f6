//! The same accounts for clients that were written for another shop: `/api/payments` speaks camelCase, knows an account
//! by its user, and takes parameters in the query or in the body. All else is as on the routes beside these.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use contracts::Amount;
use messaging::Pool;
use messaging::broadcast::Voice;
use serde::Deserialize;
use service_runtime::http::{
    CamelCase, IdempotencyKey, OptionalBody, Problem, Routes, get, given, parameter, post,
};
use uuid::Uuid;

use super::accounts::{self, Done};
use super::deposits;

pub(super) fn add(routes: &mut Routes) {
    routes
        .at("/api/payments/accounts", post(open))
        .at("/api/payments/accounts/deposit", post(deposit))
        .at("/api/payments/accounts/{user_id}", get(show));
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Opening {
    #[serde(default, deserialize_with = "given")]
    user_id: Option<Uuid>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Deposit {
    #[serde(default, deserialize_with = "given")]
    user_id: Option<Uuid>,
    #[serde(default, deserialize_with = "given")]
    amount: Option<Amount>,
}

async fn open(
    pool: Data<Pool>,
    voice: Data<Voice>,
    IdempotencyKey(key): IdempotencyKey,
    query: Query<Opening>,
    OptionalBody(body): OptionalBody<Opening>,
) -> Result<HttpResponse, Problem> {
    let user = parameter("userId", query.user_id, body.user_id)?;
    let Done { account, replayed } = accounts::open_for(&pool, &voice, user, key).await?;
    Ok(accounts::answer(StatusCode::CREATED, &CamelCase(account), replayed))
}

async fn deposit(
    pool: Data<Pool>,
    voice: Data<Voice>,
    IdempotencyKey(key): IdempotencyKey,
    query: Query<Deposit>,
    OptionalBody(body): OptionalBody<Deposit>,
) -> Result<HttpResponse, Problem> {
    let user = parameter("userId", query.user_id, body.user_id)?;
    let amount = parameter("amount", query.amount, body.amount)?;
    let bill = accounts::account_of(&pool, user).await?.bill_id;
    let Done { account, replayed } = deposits::deposit(&pool, &voice, bill, amount, key).await?;
    Ok(accounts::answer(StatusCode::OK, &CamelCase(account), replayed))
}

async fn show(pool: Data<Pool>, user: Path<Uuid>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(CamelCase(accounts::account_of(&pool, *user).await?)))
}

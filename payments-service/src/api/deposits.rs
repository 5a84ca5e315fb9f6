//! Deposits.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use contracts::Amount;
use diesel_async::AsyncConnection;
use messaging::broadcast::Voice;
use messaging::{Pool, crash_point};
use serde::Deserialize;
use service_runtime::database;
use service_runtime::http::{IdempotencyKey, JsonBody, Problem};
use uuid::Uuid;

use super::account_not_found;
use super::accounts::{self, Done};
use crate::domain::{AccountChange, MAX_BALANCE_MINOR, tell};
use crate::store::{self, Deposit};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDeposit {
    amount: Amount,
}

pub(super) async fn add(
    pool: Data<Pool>,
    voice: Data<Voice>,
    bill: Path<Uuid>,
    IdempotencyKey(key): IdempotencyKey,
    JsonBody(NewDeposit { amount }): JsonBody<NewDeposit>,
) -> Result<HttpResponse, Problem> {
    let Done { account, replayed } = deposit(&pool, &voice, *bill, amount, key).await?;
    Ok(accounts::answer(StatusCode::OK, &account, replayed))
}

pub(super) async fn deposit(
    pool: &Pool,
    voice: &Voice,
    bill: Uuid,
    amount: Amount,
    key: Option<String>,
) -> Result<Done, Problem> {
    let voice = voice.clone();
    let deposited = database::run(pool, move |conn| {
        Box::pin(async move {
            let deposit = async move |conn: &mut _| store::deposit(conn, bill, amount, key.as_deref()).await;
            let deposited = conn.transaction(deposit).await;
            // What is committed is told, even if nobody waits for the answer any more.
            match &deposited {
                Ok(Deposit::Done(account)) => tell(&voice, [AccountChange::from(account)]),
                Ok(_) => {}
                Err(_) => voice.unsure(),
            }
            deposited
        })
    })
    .await?;
    crash_point!("deposit.committed");
    match deposited {
        Deposit::Done(account) => Ok(Done { account, replayed: false }),
        Deposit::Replayed(account) => Ok(Done { account, replayed: true }),
        Deposit::KeyReused => Err(Problem::idempotency_key_reused()),
        Deposit::NoAccount => Err(account_not_found(bill)),
        Deposit::LimitExceeded => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "balance_limit_exceeded",
            "The balance would pass its limit",
            format!("A balance holds at most {MAX_BALANCE_MINOR} kopecks. Nothing was deposited."),
        )),
    }
}

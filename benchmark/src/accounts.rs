//! The users who order: each gets an account, through the API, and enough money if any.

use std::net::SocketAddr;

use futures_util::future::try_join_all;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::post::Connection;

/// The largest deposit there is: a thousand million orders of the largest amount that is sent.
const DEPOSIT_MINOR: u64 = 1_000_000_000_000;
const CONNECTIONS: usize = 16;

/// Opens `count` accounts, deposits money in each if they are to be `filled`, and returns their users.
pub(crate) async fn open(payments: SocketAddr, count: usize, filled: bool) -> Result<Vec<Uuid>> {
    let users: Vec<Uuid> = (0..count).map(|_| Uuid::from_u128(fastrand::u128(..))).collect();
    let shares = users.chunks(count.div_ceil(CONNECTIONS));
    try_join_all(shares.map(|share| open_share(payments, share, filled))).await?;
    Ok(users)
}

async fn open_share(payments: SocketAddr, users: &[Uuid], filled: bool) -> Result<()> {
    let mut connection = Connection::open(payments).await?;
    for user in users {
        let account = call(&mut connection, &format!("/payments/create/{user}"), "", 201).await?;
        if !filled {
            continue;
        }
        let account: serde_json::Value = serde_json::from_slice(&account).unwrap_or_default();
        let bill = account["bill_id"].as_str().unwrap_or_default();
        let deposit = format!(r#"{{"amount":{DEPOSIT_MINOR}}}"#);
        call(&mut connection, &format!("/payments/add/{bill}"), &deposit, 200).await?;
    }
    Ok(())
}

async fn call(connection: &mut Connection, path: &str, json: &str, expected: u16) -> Result<Vec<u8>> {
    let failed = |what: String| Error::Other(format!("POST {path} {what}"));
    let answer = connection.post(path, json).await.map_err(|error| failed(error.to_string()))?;
    if answer.status == expected {
        return Ok(answer.body);
    }
    Err(failed(format!("is answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body))))
}

//! The users who order: each gets an account, through the API, and enough money if any.

use std::net::SocketAddr;

use futures_util::future::try_join_all;
use hyper::Uri;
use hyper::body::Bytes;
use uuid::Uuid;

use crate::client::{self, Client};
use crate::error::{Error, Result};

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
    let mut client = Client::connect(payments).await?;
    for user in users {
        let account = call(&mut client, &format!("/payments/create/{user}"), String::new(), 201).await?;
        if !filled {
            continue;
        }
        let account: serde_json::Value = serde_json::from_slice(&account).unwrap_or_default();
        let bill = account["bill_id"].as_str().unwrap_or_default();
        let deposit = format!(r#"{{"amount":{DEPOSIT_MINOR}}}"#);
        call(&mut client, &format!("/payments/add/{bill}"), deposit, 200).await?;
    }
    Ok(())
}

async fn call(client: &mut Client, path: &str, json: String, expected: u16) -> Result<Bytes> {
    let failed = |what: String| Error::Other(format!("POST {path} {what}"));
    let uri = Uri::try_from(path).map_err(|error| failed(error.to_string()))?;
    let answer = client.post(uri, json.into()).await.map_err(|error| failed(error.to_string()))?;
    let status = answer.status();
    let body = client::read(answer.into_body()).await.map_err(|error| failed(error.to_string()))?;
    if status == expected {
        return Ok(body);
    }
    Err(failed(format!("is answered {status}: {}", String::from_utf8_lossy(&body))))
}

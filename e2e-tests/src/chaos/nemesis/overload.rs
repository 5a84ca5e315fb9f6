//! More work for a database than a service has connections for.

use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::time::sleep;
use uuid::Uuid;

use super::services::{Service, Target};
use super::site::Site;
use crate::{Database, Shop};

/// Requests at once: several times as many as a service has connections for requests.
const REQUESTS: usize = 100;

/// A lock keeps every connection of a service's pool busy, with reads that change nothing. It did so if some of them were
/// turned away.
pub(super) async fn exhaust(site: &Site<'_>, victim: Target, hold: Duration) {
    let began_ms = site.now_ms();
    let addresses = site.system().addresses();
    let (base, table, path) = match victim.service {
        Service::Orders => (&addresses.orders[victim.number], "orders", "/orders/orders"),
        Service::Payments => (&addresses.payments[victim.number], "accounts", "/payments/account"),
    };
    let Some(database) = lock(site, victim.service, table).await else {
        return site.note("pool-exhausted", victim, began_ms, false);
    };
    let shop = Shop::at(base);
    let requests = (0..REQUESTS).map(|_| shop.get(&format!("{path}/{}", Uuid::nil())).try_send());
    let (answers, ()) = join(join_all(requests), sleep(hold)).await;
    // The lock goes with the connection.
    drop(database);
    let is_turned_away = answers.iter().flatten().any(|answer| answer.status() == 503);
    site.note("pool-exhausted", victim, began_ms, is_turned_away);
}

/// A connection that holds a lock on a table, against readers too.
async fn lock(site: &Site<'_>, service: Service, table: &str) -> Option<Database> {
    let database = site.database(service).await?;
    database.execute(&format!("SET lock_timeout = '2s'; BEGIN; LOCK TABLE {table}")).await.ok()?;
    Some(database)
}

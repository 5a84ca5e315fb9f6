//! Orders of the past: rows in both databases as if each had gone the whole way.

use stack::Addresses;
use tokio::try_join;
use tokio_postgres::Client;

use crate::error::{Doing, Result};
use crate::machine;

const ORDERS: &str = include_str!("../sql/stored_orders.sql");
const PAYMENTS: &str = include_str!("../sql/stored_payments.sql");

/// Stores `count` delivered orders, and returns when the tables are as a server keeps them that has had them for long.
pub(crate) async fn store(addresses: &Addresses, count: u64) -> Result<()> {
    let (orders, payments) = try_join!(
        machine::connect(&addresses.orders_database),
        machine::connect(&addresses.payments_database)
    )?;
    try_join!(fill(&orders, ORDERS, count), fill(&payments, PAYMENTS, count))?;
    Ok(())
}

async fn fill(database: &Client, statements: &str, count: u64) -> Result<()> {
    let statements = statements.replace(":orders", &count.to_string());
    database.batch_execute(&statements).await.doing("storing orders")?;
    // Otherwise autovacuum would do it within the window.
    database.batch_execute("VACUUM (ANALYZE)").await.doing("vacuuming stored orders")
}

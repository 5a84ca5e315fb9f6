//! Orders of the past: rows in both databases as if each had gone the whole way.

use stack::Addresses;
use tokio::try_join;
use tokio_postgres::Client;

use crate::error::{Doing, Result};
use crate::machine;

const ORDERS: &str = include_str!("../sql/stored_orders.sql");
const PAYMENTS: &str = include_str!("../sql/stored_payments.sql");
const STORING: &str = "storing orders";

/// Indexes that no constraint stands on.
const PLAIN_INDEXES: &str = "
    SELECT format('DROP INDEX %I', indexname), indexdef FROM pg_indexes
    WHERE tablename IN ('orders', 'accounts', 'transactions', 'payments')
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)";

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
    // An index is sorted at once in a fraction of the time that it takes row by row.
    database.batch_execute("SET maintenance_work_mem = '512MB'").await.doing(STORING)?;
    let indexes = database.query(PLAIN_INDEXES, &[]).await.doing(STORING)?;
    for index in &indexes {
        database.batch_execute(index.get(0)).await.doing(STORING)?;
    }
    let statements = statements.replace(":orders", &count.to_string());
    database.batch_execute(&statements).await.doing(STORING)?;
    for index in &indexes {
        database.batch_execute(index.get(1)).await.doing(STORING)?;
    }
    // Otherwise autovacuum would do it within the window.
    database.batch_execute("VACUUM (ANALYZE)").await.doing(STORING)
}

//! Transactions in few round trips: BEGIN leaves together with what comes first.
//!
//! Under load a round trip costs more than most statements: two processes have to be woken for it. A statement that does
//! not wait for BEGIN's answer could be carried out without it, if just that failed (a time limit, a cancellation), and
//! would commit on its own. So BEGIN sets a mark that ends with the transaction, and a statement that may come first
//! asks for it: without a transaction it fails.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::try_join;

const BEGIN: &str = "BEGIN; SET LOCAL messaging.transaction = on";

/// A condition in SQL that is true in a transaction that [`begin`](crate::transaction::begin) began, and an error in any
/// other and outside.
#[macro_export]
macro_rules! only_within {
    () => {
        "current_setting('messaging.transaction')::boolean"
    };
}

/// Begins a transaction with its first statements. Those that write must fail outside of such a transaction, as
/// [`inbox::accept`](crate::inbox::accept) does.
///
/// # Errors
/// The connection may be within the transaction or not: drop it.
pub async fn begin<T>(
    mut conn: &AsyncPgConnection,
    first: impl Future<Output = QueryResult<T>>,
) -> QueryResult<T> {
    let ((), first) = try_join!(conn.batch_execute(BEGIN), first)?;
    Ok(first)
}

/// Commits the transaction.
///
/// # Errors
/// A statement of it failed, even if whoever ran it kept that to himself: the server answers a plain COMMIT with a silent
/// rollback then. Or the answer is lost. Drop the connection.
pub async fn commit(mut conn: &AsyncPgConnection) -> QueryResult<()> {
    conn.batch_execute("SELECT 1; COMMIT").await
}

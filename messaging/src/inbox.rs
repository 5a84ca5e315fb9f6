//! Inbox: which messages a committed transaction has taken in.

use std::collections::HashSet;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::only_within;

/// Records `message_ids` and returns those that are new, in a transaction that [began](crate::transaction::begin) with
/// this.
///
/// Another transaction that records the same id waits for this one, so that whoever sees an id as old also
/// sees what was committed with it.
pub async fn accept(mut conn: &AsyncPgConnection, message_ids: &[Uuid]) -> QueryResult<HashSet<Uuid>> {
    if crate::mutant!("no-inbox") {
        return Ok(message_ids.iter().copied().collect());
    }
    // One order for everybody: two transactions with the same ids wait for each other, never in a circle.
    let mut sorted = message_ids.to_vec();
    sorted.sort_unstable();
    let accepted: Vec<(Uuid,)> = Accept { message_ids: &sorted }.load(&mut conn).await?;
    Ok(accepted.into_iter().map(|(id,)| id).collect())
}

/// Records `message_ids` as [`accept`] does, if all are new, as they usually are. The server neither looks first nor
/// marks a row a second time; an id that is there twice is recorded once.
///
/// # Errors
/// A unique violation if one of them is not: roll back, and accept them.
pub async fn accept_new(mut conn: &AsyncPgConnection, message_ids: &[Uuid]) -> QueryResult<HashSet<Uuid>> {
    let ids: HashSet<Uuid> = message_ids.iter().copied().collect();
    if !crate::mutant!("no-inbox") {
        // In the same order, for the same reason.
        let mut sorted: Vec<Uuid> = ids.iter().copied().collect();
        sorted.sort_unstable();
        AcceptNew { message_ids: &sorted }.execute(&mut conn).await?;
    }
    Ok(ids)
}

/// Forgets `message_ids` within the transaction that [accepted](accept) them: they had no effect, and are new when they
/// come again.
pub async fn forget(conn: &mut AsyncPgConnection, message_ids: &[Uuid]) -> QueryResult<()> {
    if !message_ids.is_empty() {
        Forget { message_ids: &message_ids.to_vec() }.execute(conn).await?;
    }
    Ok(())
}

crate::statement! {
    struct Accept { message_ids: Vec<uuid::Uuid> => Array<Uuid> } -> (Uuid,)
    concat!(
        "-- inbox_accept
         INSERT INTO inbox (message_id) SELECT * FROM unnest({message_ids}) WHERE ",
        only_within!(),
        " ON CONFLICT (message_id) DO NOTHING
         RETURNING message_id"
    )
}

crate::statement! {
    struct AcceptNew { message_ids: Vec<uuid::Uuid> => Array<Uuid> } -> ()
    concat!(
        "-- inbox_accept_new
         INSERT INTO inbox (message_id) SELECT * FROM unnest({message_ids}) WHERE ",
        only_within!(),
    )
}

crate::statement! {
    struct Forget { message_ids: Vec<uuid::Uuid> => Array<Uuid> } -> ()
    "-- inbox_forget
     DELETE FROM inbox WHERE message_id = ANY ({message_ids})"
}

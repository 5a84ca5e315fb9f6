//! Statements: prepared once for each connection.

use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use messaging::outbox::{self, Message};
use messaging::{inbox, transaction};

use crate::support::{KEY, World, events};

messaging::statement! {
    /// Two parameters, of which the text around them must be kept.
    struct Repeated { text: String => Text, times: i32 => Integer } -> (Text,)
    "-- repeated
     SELECT repeat({text}, {times}) || '{}'"
}

#[derive(diesel::QueryableByName)]
struct Prepared {
    #[diesel(sql_type = Text)]
    statement: String,
    #[diesel(sql_type = BigInt)]
    runs: i64,
}

/// Goal: the hot statements are parsed and planned once. Method: run each three times and ask the server which
/// statements it keeps for this connection, and how often they ran.
#[tokio::test(flavor = "multi_thread")]
async fn statements_are_prepared_once() {
    let world = World::calm().await;
    let mut conn = world.conn().await;
    for number in 1..=3 {
        let events = events(number);
        let messages: Vec<_> = events.iter().map(|event| Message::new(event, KEY)).collect();
        outbox::enqueue(&conn, messages).await.unwrap();
        let ids: Vec<_> = events.iter().map(|event| event.id).collect();
        transaction::begin(&conn, inbox::accept_new(&conn, &ids)).await.unwrap();
        transaction::commit(&conn).await.unwrap();
        transaction::begin(&conn, inbox::accept(&conn, &ids)).await.unwrap();
        transaction::commit(&conn).await.unwrap();
        let repeated = Repeated { text: &"ab".to_owned(), times: &2 };
        assert_eq!(repeated.get_result::<(String,)>(&mut conn).await.unwrap().0, "abab{}");
    }
    let query = "SELECT statement, generic_plans + custom_plans AS runs FROM pg_prepared_statements";
    let prepared: Vec<Prepared> = diesel::sql_query(query).load(&mut conn).await.unwrap();
    for name in ["-- outbox_enqueue\n", "-- inbox_accept\n", "-- inbox_accept_new\n", "-- repeated\n"] {
        let runs: Vec<i64> =
            prepared.iter().filter(|kept| kept.statement.starts_with(name)).map(|kept| kept.runs).collect();
        assert_eq!(runs, [3], "{name}");
    }
}

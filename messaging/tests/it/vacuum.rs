//! The outbox is vacuumed as its rows die, and not when the server comes by.

use messaging::outbox::Row;

use crate::support::{World, count, events, eventually};

/// More dead rows than a vacuum waits for.
const MANY: usize = 15_000;
const VACUUMS: &str = "SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 'outbox'";
const SIZE: &str = "SELECT pg_total_relation_size('outbox')";

/// Goal: what has passed through an outbox takes no room in it, whichever way the relay came to it. Method: with autovacuum
/// off, and as a role that may not vacuum, the same is sent again and again. Its connections act as that role afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_makes_room_for_what_comes() {
    let found = makes_room(async |_, _| {});
    let handed_over = makes_room(async |world, rows| world.handoff.send(rows));
    tokio::join!(found, handed_over);
}

async fn makes_room(get: impl AsyncFn(&World, Vec<Row>)) {
    let world = World::calm().await;
    world.sql("ALTER TABLE outbox SET (autovacuum_enabled = off)").await;
    let world = world.with_rights_of_application().await;
    let relay = world.run_relay();
    world.relay_is_connected().await;
    let mut sizes = Vec::new();
    for _ in 0..6 {
        let vacuums = world.number(VACUUMS).await;
        for _ in 0..MANY / 500 {
            get(&world, world.enqueue(&events(500)).await).await;
        }
        world.until_count("outbox", 0).await;
        eventually("a vacuum", async || world.number(VACUUMS).await > vacuums).await;
        sizes.push(world.number(SIZE).await);
    }
    relay.stop().await;
    // What the first vacuum came for, and at most what two rounds hold: it may come before the second one's have died.
    assert!(sizes[5] <= 4 * sizes[0], "it grows: {sizes:?}");
    let mut conns = Vec::new();
    while conns.len() < world.pool.status().max_size {
        let mut conn = world.conn().await;
        assert_eq!(count(&mut conn, "pg_roles WHERE rolname = current_user AND NOT rolsuper").await, Ok(1));
        conns.push(conn);
    }
}

//! Outbox: messages live and die with the transaction that wrote them.

use std::time::Instant;

use diesel_async::AsyncConnection;
use messaging::outbox::{self, Message};

use crate::support::{Amqp, KEY, QUEUE, World, event, events};

/// Goal: what was not committed is not sent. Method: roll a transaction back, then send a later message, which would
/// come after the first.
#[tokio::test(flavor = "multi_thread")]
async fn rolled_back_message_is_never_sent() {
    let world = World::calm().await;
    let relay = world.run_relay();
    let mut conn = world.conn().await;
    let rolled_back = conn.transaction::<(), _, _>(async |conn| {
        let message = Message::new(&event("Ordinary"), KEY);
        assert_eq!(outbox::enqueue(conn, vec![message]).await?.len(), 1);
        Err(diesel::result::Error::RollbackTransaction)
    });
    rolled_back.await.unwrap_err();
    let committed = events(1);
    world.enqueue(&committed).await;
    world.until_count("outbox", 0).await;
    relay.stop().await;

    assert_eq!(Amqp::connect(&world).await.take_ids(QUEUE).await, [[committed[0].id]]);
}

/// Goal: what is handed over is sent at once, and once. Method: one message at a time; the quickest is well below the age at
/// which the outbox is searched, and none comes twice.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_handed_over_is_sent_at_once() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let relay = world.run_relay();
    world.relay_is_connected().await;
    let mut quickest = f64::MAX;
    for _ in 0..20 {
        let rows = world.enqueue(&events(1)).await;
        let begun = Instant::now();
        world.handoff.send(rows);
        amqp.take_next(QUEUE).await;
        quickest = quickest.min(begun.elapsed().as_secs_f64());
    }
    assert!(quickest < 0.06, "the quickest took {quickest} s");
    world.until_count("outbox", 0).await;
    relay.stop().await;
    assert_eq!(amqp.take_ids(QUEUE).await.len(), 0);
}

/// Goal: nothing is lost where a hand-over has no room. Method: hand over more than there is room for, to nobody yet; a
/// relay sends each, and so far as no relay had them before, once.
#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_no_room_for_is_found_in_the_outbox() {
    let world = World::calm().await;
    for _ in 0..40 {
        world.handoff.send(world.enqueue(&events(1)).await);
    }
    let relay = world.run_relay();
    world.until_count("outbox", 0).await;
    relay.stop().await;
    assert_eq!(Amqp::connect(&world).await.take_ids(QUEUE).await.concat().len(), 40);
}

/// Goal: what another process left in the outbox is found. Method: nobody hands it over.
#[tokio::test(flavor = "multi_thread")]
async fn relay_finds_what_nobody_hands_over() {
    let world = World::calm().await;
    let relay = world.run_relay();
    let amqp = Amqp::connect(&world).await;
    for _ in 0..3 {
        world.enqueue(&events(1)).await;
        amqp.take_next(QUEUE).await;
    }
    relay.stop().await;
}

/// Goal: an event that is told again while it is in the outbox is not lost because it has been sent before. Method: tell it
/// twice more; each has a row of its own, after the one that may be about to be deleted.
#[tokio::test(flavor = "multi_thread")]
async fn event_that_is_told_again_is_there_again() {
    let world = World::calm().await;
    let message = Message::new(&event("Ordinary"), KEY);
    let first = world.enqueue_messages(vec![message.clone()]).await;
    let again = world.enqueue_messages(vec![message; 2]).await;
    assert_eq!(world.count("outbox").await, 3);
    assert_eq!(world.count(&format!("outbox WHERE id > {}", first[0].id)).await, again.len() as i64);
}

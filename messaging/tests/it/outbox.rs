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
        assert_eq!(outbox::enqueue(conn, &[message]).await?, 1);
        Err(diesel::result::Error::RollbackTransaction)
    });
    rolled_back.await.unwrap_err();
    let committed = events(1);
    world.enqueue(&committed).await;
    world.until_count("outbox", 0).await;
    relay.stop().await;

    assert_eq!(Amqp::connect(&world).await.take_ids(QUEUE).await, [[committed[0].id]]);
}

/// Goal: a wake-up spares the wait for the next poll. Method: one message at a time, each committed right after the one
/// before was sent, when the next poll is most of its interval away; the quickest is well below it.
#[tokio::test(flavor = "multi_thread")]
async fn woken_relay_sends_at_once() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let relay = world.run_relay();
    let mut quickest = f64::MAX;
    for _ in 0..20 {
        let committed = events(1);
        world.enqueue(&committed).await;
        let begun = Instant::now();
        world.wake.notify_one();
        amqp.take_next(QUEUE).await;
        quickest = quickest.min(begun.elapsed().as_secs_f64());
    }
    assert!(quickest < 0.06, "the quickest took {quickest} s");
    relay.stop().await;
}

/// Goal: what another process left in the outbox is found. Method: nobody wakes the relay.
#[tokio::test(flavor = "multi_thread")]
async fn relay_finds_messages_without_a_wake_up() {
    let world = World::calm().await;
    let relay = world.run_relay();
    let amqp = Amqp::connect(&world).await;
    for _ in 0..3 {
        world.enqueue(&events(1)).await;
        amqp.take_next(QUEUE).await;
    }
    relay.stop().await;
}

/// Goal: producing an event again while it waits changes nothing. Method: enqueue it alone, and among others, with
/// another payload.
#[tokio::test(flavor = "multi_thread")]
async fn event_that_still_waits_is_not_written_twice() {
    let world = World::calm().await;
    let mut waiting = Message::new(&event("Ordinary"), KEY);
    let other = Message::new(&event("Ordinary"), KEY);
    let mut conn = world.conn().await;
    assert_eq!(outbox::enqueue(&mut conn, std::slice::from_ref(&waiting)).await, Ok(1));
    waiting.payload = "{}".to_owned();
    assert_eq!(outbox::enqueue(&mut conn, std::slice::from_ref(&waiting)).await, Ok(0));
    assert_eq!(outbox::enqueue(&mut conn, &[other, waiting]).await, Ok(1));
    assert_eq!(world.count("outbox").await, 2);
    assert_eq!(world.count("outbox WHERE payload = '{}'").await, 0);
}

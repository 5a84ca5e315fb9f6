//! Relay: what the broker does not take stays in the outbox.

use futures_util::future::join_all;
use messaging::outbox::Message;
use messaging::relay::{Publisher, run_once};
use messaging::{Error, Lease};

use crate::support::{ANNOUNCED, Amqp, KEY, QUEUE, World, event, events, eventually, manage};

/// Goal: a confirm alone is not enough: an unroutable message is confirmed too, and would be gone. Method: a routing
/// key that leads nowhere, in a batch with one that leads somewhere.
#[tokio::test(flavor = "multi_thread")]
async fn returned_message_keeps_its_whole_batch_in_the_outbox() {
    let world = World::calm().await;
    world.enqueue(&events(1)).await;
    let lost = Message::new(&event("Ordinary"), "nowhere");
    world.enqueue_messages(vec![lost]).await;
    for _ in 0..2 {
        let publisher = Publisher::open(&world.broker).await.unwrap();
        let returned = run_once(&Lease::take(&world.pool).await.unwrap(), &publisher).await;
        assert!(
            matches!(&returned, Err(Error::NotConfirmed(why)) if why.contains("nowhere")),
            "{returned:?}"
        );
        assert_eq!(world.count("outbox").await, 2);
    }
}

/// Goal: the same of what is handed over. Method: look for a while, in which the relay fails again and again.
#[tokio::test(flavor = "multi_thread")]
async fn returned_message_that_was_handed_over_stays_in_the_outbox() {
    let world = World::calm().await;
    let relay = world.run_relay();
    world.relay_is_connected().await;
    let lost = Message::new(&event("Ordinary"), "nowhere");
    let good = Message::new(&event("Ordinary"), KEY);
    world.handoff.send(world.enqueue_messages(vec![lost, good]).await);
    Amqp::connect(&world).await.until_ready(QUEUE, 2).await;
    assert_eq!(world.count("outbox").await, 2, "it was sent twice, and is still there");
    relay.kill().await;
}

/// Goal: what is returned fails its own batch, and no other, although several are on their way. Method: publish
/// batches that lead nowhere, one after another, amid others whose confirms come all the time.
#[tokio::test(flavor = "multi_thread")]
async fn return_is_not_taken_for_that_of_another_batch() {
    let world = World::calm().await;
    let publisher = Publisher::open(&world.broker).await.unwrap();
    let lost = [Message::new(&event("Ordinary"), "nowhere")];
    let good = [Message::new(&event("Ordinary"), KEY)];
    let publish_good = async |_| -> () {
        loop {
            publisher.publish(&good).await.unwrap();
        }
    };
    let publish_lost = async {
        for _ in 0..200 {
            let returned = publisher.publish(&lost).await;
            assert!(
                matches!(&returned, Err(Error::NotConfirmed(why)) if why.contains("nowhere")),
                "{returned:?}"
            );
        }
    };
    tokio::select! {
        () = publish_lost => {}
        _ = join_all((0..6).map(publish_good)) => {}
    }
}

/// Goal: what is announced need not reach anybody, and holds up nothing else. Method: no queue has its key.
#[tokio::test(flavor = "multi_thread")]
async fn announcement_that_nobody_receives_leaves_the_outbox() {
    let world = World::calm().await;
    world.enqueue(&events(1)).await;
    let announced = Message::new(&event("Ordinary"), ANNOUNCED);
    world.enqueue_messages(vec![announced]).await;
    let publisher = Publisher::open(&world.broker).await.unwrap();
    assert_eq!(run_once(&Lease::take(&world.pool).await.unwrap(), &publisher).await.unwrap(), 2);
    assert_eq!(world.count("outbox").await, 0);
}

/// Goal: somebody who listens to announcements and has no room holds nobody up. Method: a queue of theirs that rejects
/// everything.
#[tokio::test(flavor = "multi_thread")]
async fn announcement_that_is_refused_leaves_the_outbox() {
    let world = World::calm().await;
    let host = &world.virtual_host;
    let publisher = Publisher::open(&world.broker).await.unwrap();
    let full = r#"{"durable":true,"arguments":{"x-max-length":0,"x-overflow":"reject-publish"}}"#;
    manage(world.servers, "PUT", &format!("/api/queues/{host}/full"), full).await;
    let binding = format!("/api/bindings/{host}/e/events/q/full");
    manage(world.servers, "POST", &binding, &format!(r#"{{"routing_key":"{ANNOUNCED}"}}"#)).await;
    world.enqueue(&events(1)).await;
    let announced = Message::new(&event("Ordinary"), ANNOUNCED);
    world.enqueue_messages(vec![announced]).await;
    assert_eq!(run_once(&Lease::take(&world.pool).await.unwrap(), &publisher).await.unwrap(), 2);
    assert_eq!(world.count("outbox").await, 0);
}

/// Goal: a queue that somebody deleted is no end. Method: delete it under a connected relay.
#[tokio::test(flavor = "multi_thread")]
async fn message_to_a_deleted_queue_is_sent_when_the_queue_is_back() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let relay = world.run_relay();
    world.enqueue(&events(1)).await;
    amqp.take_next(QUEUE).await;

    amqp.delete_queue(QUEUE).await;
    let sent = events(3);
    world.enqueue(&sent).await;
    // The new session declares it.
    world.until_count("outbox", 0).await;
    assert_eq!(amqp.take_ids(QUEUE).await.concat().len(), 3);
    relay.stop().await;
}

/// Goal: a nack keeps the rows. Method: a policy that lets the queue hold one message; the queue rejects what is too
/// much. Then the policy goes, and a relay sends them all.
#[tokio::test(flavor = "multi_thread")]
async fn nacked_messages_stay_until_the_queue_has_room() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let policy = format!("/api/policies/{}/short", world.virtual_host);
    let definition = r#"{"pattern":"^work$","definition":{"max-length":1},"apply-to":"queues"}"#;
    manage(world.servers, "PUT", &policy, definition).await;

    let mut refused = None;
    let mut sent = 0;
    eventually("the queue is full", async || {
        world.enqueue(&events(1)).await;
        let publisher = Publisher::open(&world.broker).await.unwrap();
        match run_once(&Lease::take(&world.pool).await.unwrap(), &publisher).await {
            Ok(rows) => sent += rows,
            Err(error) => refused = Some(error),
        }
        refused.is_some()
    })
    .await;
    assert!(matches!(&refused, Some(Error::NotConfirmed(why)) if why.contains("nack")), "{refused:?}");
    assert_eq!(world.count("outbox").await, 1);

    manage(world.servers, "DELETE", &policy, "").await;
    let relay = world.run_relay();
    world.until_count("outbox", 0).await;
    relay.stop().await;
    assert!(amqp.take_ids(QUEUE).await.concat().len() > sent);
}

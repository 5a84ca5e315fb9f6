//! Consumer: what a handler does takes effect once, and nothing is acknowledged that is not committed.

use std::collections::HashSet;

use crate::support::{Amqp, QUEUE, Recorder, World, acknowledged, event, events, eventually};

/// Goal: repetitions have no effect. Method: one event 50 times among others in one message, and 50 times in messages
/// of its own, shuffled among others; the handler is told of each.
#[tokio::test(flavor = "multi_thread")]
async fn event_that_comes_100_times_takes_effect_once() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let (repeated, others) = (event("Ordinary"), events(100));
    amqp.publish_events(others[..50].iter().flat_map(|other| [&repeated, other])).await;
    for other in &others[50..] {
        amqp.publish_events([&repeated]).await;
        amqp.publish_events([other]).await;
    }
    let recorder = Recorder::new();
    let consumer = world.run_consumer(&recorder);
    eventually("all are handled", async || {
        recorder.times_seen(repeated.id) == 100
            && others.iter().all(|other| recorder.times_seen(other.id) == 1)
    })
    .await;
    consumer.stop().await;

    let mut flags = recorder.flags(repeated.id);
    assert!(!flags.remove(0), "the first is new");
    assert_eq!(flags, [true; 99]);
    assert_eq!(world.count("effects").await, 101);
    assert_eq!(world.count(&format!("effects WHERE event_id = '{}'", repeated.id)).await, 1);
    assert_eq!(amqp.ready(QUEUE).await, 0);
}

/// Goal: a repetition that nobody expects has no effect, and takes none from what comes with it. Method: a batch without
/// any, so that the consumer takes the next to be all new; that has the first one's event among others.
#[tokio::test(flavor = "multi_thread")]
async fn repetition_among_new_events_has_no_effect() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let recorder = Recorder::new();
    let consumer = world.run_consumer(&recorder);
    let [first, second, third, fourth] = ["Ordinary"; 4].map(event);
    for (batch, effects) in [(vec![&first], 1), (vec![&second], 2), (vec![&third, &first, &fourth], 4)] {
        amqp.publish_events(batch).await;
        world.until_count("effects", effects).await;
    }
    consumer.stop().await;
    assert_eq!(recorder.flags(first.id), [false, true]);
    for other in [second, third, fourth] {
        assert_eq!(recorder.flags(other.id), [false]);
    }
    assert_eq!((amqp.ready(QUEUE).await, amqp.ready("work.dead").await), (0, 0));
}

/// Goal: replicas share the work. Method: two consumers, many messages, each twice.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_consumers_apply_each_event_once() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let all = events(2000);
    for _ in 0..2 {
        for batch in all.chunks(40) {
            amqp.publish_events(batch).await;
        }
    }
    let recorder = Recorder::new();
    let consumers = [world.run_consumer(&recorder), world.run_consumer(&recorder)];
    eventually("all are handled", async || all.iter().all(|event| recorder.times_seen(event.id) >= 2)).await;
    for consumer in consumers {
        consumer.stop().await;
    }
    assert_eq!(world.count("effects").await, 2000);
    assert_eq!(world.count("(SELECT DISTINCT event_id FROM effects) AS ids").await, 2000);
    assert_eq!(amqp.ready(QUEUE).await, 0);
}

/// Goal: the database's refusal is not the message's fault. Method: a handler that fails twice; its neighbour in the
/// batch is rolled back with it and comes again too.
#[tokio::test(flavor = "multi_thread")]
async fn handler_that_fails_is_run_again() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let (failing, neighbour) = (event("FailsTwice"), event("Ordinary"));
    amqp.publish_events([&neighbour, &failing]).await;
    let recorder = Recorder::new();
    let consumer = world.run_consumer(&recorder);
    world.until_count("effects", 2).await;
    consumer.stop().await;
    assert_eq!(recorder.flags(failing.id), [false; 3], "what was rolled back is new");
    assert_eq!(recorder.flags(neighbour.id), [false; 3]);
    assert_eq!(world.count("inbox").await, 2);
    assert_eq!((amqp.ready(QUEUE).await, amqp.ready("work.dead").await), (0, 0));
}

/// Goal: a handler that swallows a database error is not believed: the server answers its COMMIT with a rollback that
/// looks like a success.
#[tokio::test(flavor = "multi_thread")]
async fn swallowed_database_error_does_not_lose_the_batch() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let swallowing = event("SwallowsOnce");
    amqp.publish_events([&swallowing]).await;
    let recorder = Recorder::new();
    let consumer = world.run_consumer(&recorder);
    world.until_count("effects", 1).await;
    consumer.stop().await;
    assert_eq!(recorder.flags(swallowing.id), [false, false]);
    assert_eq!(amqp.ready(QUEUE).await, 0);
}

/// Goal: a panic in a handler ends neither the consumer nor the message.
#[tokio::test(flavor = "multi_thread")]
async fn handler_that_panics_is_run_again() {
    let world = World::calm().await;
    let panicking = event("PanicsOnce");
    Amqp::connect(&world).await.publish_events([&panicking]).await;
    let recorder = Recorder::new();
    let consumer = world.run_consumer(&recorder);
    world.until_count("effects", 1).await;
    consumer.stop().await;
    assert_eq!(recorder.flags(panicking.id), [false, false]);
}

/// Goal: what is committed is acknowledged soon, even if nothing follows it.
#[tokio::test(flavor = "multi_thread")]
async fn message_that_comes_alone_is_acknowledged() {
    let world = World::calm().await;
    let consumer = world.run_consumer(&Recorder::new());
    Amqp::connect(&world).await.publish_events([&event("Ordinary")]).await;
    eventually("it is acknowledged", async || acknowledged(&world, QUEUE).await == 1).await;
    consumer.stop().await;
}

/// Goal: an orderly end finishes what is in hand, and gives back what is not. Method: ask for the end while the handler
/// waits and other messages have been delivered.
#[tokio::test(flavor = "multi_thread")]
async fn consumer_that_shuts_down_finishes_and_acks_its_batch() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let (in_hand, delivered) = (event("Waits"), events(20));
    amqp.publish_events([&in_hand]).await;
    let recorder = Recorder::new();
    let consumer = world.run_consumer(&recorder);
    eventually("it is in hand", async || recorder.times_seen(in_hand.id) == 1).await;
    for event in &delivered {
        amqp.publish_events([event]).await;
    }
    amqp.until_ready(QUEUE, 0).await;

    consumer.shut_down();
    recorder.let_go();
    consumer.stop().await;
    assert_eq!(world.count(&format!("effects WHERE event_id = '{}'", in_hand.id)).await, 1);
    amqp.until_ready(QUEUE, 20).await;
    let left: HashSet<_> = amqp.take_ids(QUEUE).await.concat().into_iter().collect();
    assert_eq!(left, delivered.iter().map(|event| event.id).collect());
}

/// Goal: a queue that somebody deleted is declared again, and consumed.
#[tokio::test(flavor = "multi_thread")]
async fn consumer_survives_the_deletion_of_its_queue() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let recorder = Recorder::new();
    let consumer = world.run_consumer(&recorder);
    let relay = world.run_relay();
    world.enqueue(&events(1)).await;
    world.until_count("effects", 1).await;

    amqp.delete_queue(QUEUE).await;
    world.enqueue(&events(1)).await;
    world.until_count("effects", 2).await;
    relay.stop().await;
    consumer.stop().await;
}

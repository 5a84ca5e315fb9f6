//! Consumer: killed at the two sides of its commit.

use crate::support::{Amqp, QUEUE, Recorder, WAITING, World, event, eventually};

/// Goal: what was not committed comes again. Method: kill the consumer while its handler waits; its locks go with it,
/// so that the next one need not wait.
#[tokio::test(flavor = "multi_thread")]
async fn consumer_killed_before_its_commit_loses_nothing() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let waiting = event("Waits");
    amqp.publish_events([&waiting]).await;
    let killed = Recorder::new();
    let consumer = world.run_consumer(&killed);
    eventually("it is in hand", async || killed.times_seen(waiting.id) == 1).await;
    consumer.kill().await;
    amqp.until_ready(QUEUE, 1).await;
    assert_eq!(world.count("effects").await, 0);

    let recorder = Recorder::new();
    recorder.let_go();
    let consumer = world.run_consumer(&recorder);
    world.until_count("effects", 1).await;
    consumer.stop().await;
    assert_eq!(recorder.flags(waiting.id), [false]);
    assert_eq!(amqp.ready(QUEUE).await, 0);
}

/// Goal: what was committed and not acknowledged comes again, and has no second effect. Method: kill the consumer while
/// the server works on its COMMIT, which then succeeds.
#[tokio::test(flavor = "multi_thread")]
async fn consumer_killed_between_commit_and_ack_applies_once() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    world.at_commit_of("INSERT ON effects", "PERFORM pg_advisory_xact_lock(1)").await;
    let lock = world.lock(1).await;
    let redelivered = event("Ordinary");
    amqp.publish_events([&redelivered]).await;
    let killed = Recorder::new();
    let consumer = world.run_consumer(&killed);
    world.until_count(WAITING, 1).await;
    consumer.kill().await;
    lock.release().await;
    world.until_count("effects", 1).await;
    amqp.until_ready(QUEUE, 1).await;

    let recorder = Recorder::new();
    let consumer = world.run_consumer(&recorder);
    eventually("it comes again", async || recorder.times_seen(redelivered.id) == 1).await;
    consumer.stop().await;
    assert_eq!(recorder.flags(redelivered.id), [true]);
    assert_eq!(world.count("effects").await, 1);
    assert_eq!(amqp.ready(QUEUE).await, 0);
}

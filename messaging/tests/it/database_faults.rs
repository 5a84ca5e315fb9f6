//! Faults of the database.

use crate::support::{Amqp, QUEUE, Recorder, World, events, steadily};

/// Goal: a database that is away is not the messages' fault: they are kept unacknowledged, neither given back in a busy
/// loop nor set aside, and handled when it is back. Method: kill the database, publish, look, start it again.
#[tokio::test(flavor = "multi_thread")]
async fn consumer_keeps_its_messages_while_the_database_is_down() {
    let world = World::stormy().await;
    let amqp = Amqp::connect(&world).await;
    let recorder = Recorder::new();
    let (consumer, relay) = (world.run_consumer(&recorder), world.run_relay());
    amqp.publish_events(&events(1)).await;
    world.until_count("effects", 1).await;

    world.servers.postgres().kill();
    let waiting = events(30);
    for event in &waiting {
        amqp.publish_events([event]).await;
    }
    amqp.until_ready(QUEUE, 0).await;
    steadily("they are in the consumer's hands", async || {
        (amqp.ready(QUEUE).await, amqp.ready("work.dead").await) == (0, 0)
    })
    .await;
    world.servers.postgres().start().await.unwrap();
    world.until_count("effects", 31).await;

    // The relay is back as well.
    world.enqueue(&events(1)).await;
    world.until_count("effects", 32).await;
    consumer.stop().await;
    relay.stop().await;
    assert!(waiting.iter().all(|event| recorder.flags(event.id) == [false]));
    assert_eq!((amqp.ready(QUEUE).await, amqp.ready("work.dead").await), (0, 0));
}

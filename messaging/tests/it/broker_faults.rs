//! Faults of the broker.

use std::fs;

use messaging::Error;
use messaging::outbox::Message;
use messaging::relay::Publisher;

use crate::support::{KEY, Recorder, World, event, events, eventually, steadily};

/// Goal: a broker that is killed in the middle loses nothing that was committed. Method: kill it while messages are
/// under way, commit more while it is down, start it again; each event takes effect once.
#[tokio::test(flavor = "multi_thread")]
async fn killed_broker_loses_nothing() {
    let world = World::stormy().await;
    let recorder = Recorder::new();
    let (consumer, relay) = (world.run_consumer(&recorder), world.run_relay());
    let all = events(4000);
    for (number, batch) in all.chunks(200).enumerate() {
        world.handoff.send(world.enqueue(batch).await);
        if number == 8 {
            eventually("some have come", async || world.count("effects").await > 0).await;
            world.servers.rabbitmq().kill();
        }
    }
    assert!(world.count("outbox").await >= 2000);
    world.servers.rabbitmq().start().await.unwrap();
    world.until_count("effects", 4000).await;
    world.until_count("outbox", 0).await;
    consumer.stop().await;
    relay.stop().await;
    assert_eq!(world.count("(SELECT DISTINCT event_id FROM effects) AS ids").await, 4000);
}

/// Goal: nobody has to set a new broker up. Method: wipe it under a relay and a consumer; what is committed meanwhile
/// and afterwards arrives.
#[tokio::test(flavor = "multi_thread")]
async fn wiped_broker_gets_its_topology_again() {
    let world = World::stormy().await;
    let recorder = Recorder::new();
    let (consumer, relay) = (world.run_consumer(&recorder), world.run_relay());
    world.enqueue(&events(1)).await;
    world.until_count("effects", 1).await;
    world.servers.rabbitmq().kill();
    world.enqueue(&events(10)).await;
    world.servers.wipe_rabbitmq().await.unwrap();
    world.until_count("effects", 11).await;
    world.enqueue(&events(1)).await;
    world.until_count("effects", 12).await;
    consumer.stop().await;
    relay.stop().await;
}

/// Goal: a broker that blocks publishers is left in peace: no transaction waits for it, and no connections pile up that
/// can't even be closed. Method: raise its memory alarm under a relay that has messages to send; clear it again.
#[tokio::test(flavor = "multi_thread")]
async fn blocked_relay_waits_and_resumes() {
    let world = World::stormy().await;
    let recorder = Recorder::new();
    let consumer = world.run_consumer(&recorder);
    world.servers.raise_memory_alarm().await.unwrap();
    world.enqueue(&events(450)).await;
    let relay = world.run_relay();
    let open = "pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'
                AND xact_start < now() - interval '1 s'";
    for _ in 0..2 {
        steadily("the relay waits", async || {
            let idle = (world.count("outbox").await, world.count(open).await) == (450, 0);
            idle && connections(&world) <= 2
        })
        .await;
    }

    world.servers.clear_memory_alarm().await.unwrap();
    world.until_count("effects", 450).await;
    world.until_count("outbox", 0).await;
    // Again, on a connection that has published before.
    world.servers.raise_memory_alarm().await.unwrap();
    world.enqueue(&events(1)).await;
    steadily("the relay waits", async || world.count("outbox").await == 1 && connections(&world) <= 2).await;
    world.servers.clear_memory_alarm().await.unwrap();
    world.until_count("effects", 451).await;
    relay.stop().await;
    consumer.stop().await;
}

/// Goal: a broker that blocks is an error at once, and not after a time limit for which somebody's transaction would wait;
/// even if a channel has to be opened first. Method: raise its alarm, and publish until no channel is left.
#[tokio::test(flavor = "multi_thread")]
async fn blocked_publisher_says_so() {
    let world = World::stormy().await;
    let publisher = Publisher::open(&world.broker).await.unwrap();
    world.servers.raise_memory_alarm().await.unwrap();
    let messages = [Message::new(&event("Ordinary"), KEY)];
    for _ in 0..3 {
        let blocked = publisher.publish(&messages).await;
        assert!(matches!(blocked, Err(Error::Blocked)), "{blocked:?}");
    }
    world.servers.clear_memory_alarm().await.unwrap();
    eventually("it takes them again", async || publisher.publish(&messages).await.is_ok()).await;
}

/// How many connections to the world's broker this process has.
fn connections(world: &World) -> usize {
    let port: u16 = world.amqp_url.rsplit(':').next().unwrap().split('/').next().unwrap().parse().unwrap();
    let remote = format!(":{port:04X} 01 ");
    fs::read_to_string("/proc/self/net/tcp")
        .unwrap()
        .lines()
        .filter(|line| line[20..].contains(&remote))
        .count()
}

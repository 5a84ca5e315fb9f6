//! Relay: every committed message is sent, some of them twice, none never.

use std::collections::HashSet;
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use messaging::Error;
use messaging::outbox::{Message, Row};
use messaging::relay::{Publisher, run_once};
use uuid::Uuid;

use crate::support::{
    Amqp, KEY, OTHER_KEY, QUEUE, Recorder, WAITING, World, count, event, events, eventually, ids,
};

/// Goal: a crash between the confirm and the commit sends again, and the receiver's inbox absorbs it. Method: a trigger
/// fails the COMMIT, when all confirms are there.
#[tokio::test(flavor = "multi_thread")]
async fn crash_after_confirm_republishes() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let sent = events(1);
    world.enqueue(&sent).await;
    world.at_commit_of("DELETE ON outbox", "RAISE 'crash'").await;

    let publisher = Publisher::open(&world.broker).await.unwrap();
    let crashed = run_once(&*world.conn().await, &publisher).await;
    assert!(matches!(crashed, Err(Error::Database(_))), "{crashed:?}");
    amqp.until_ready(QUEUE, 1).await;
    assert_eq!(world.count("outbox").await, 1);

    world.forget_at_commit().await;
    assert_eq!(run_once(&*world.conn().await, &publisher).await.unwrap(), 1);
    assert_eq!(world.count("outbox").await, 0);
    amqp.until_ready(QUEUE, 2).await;

    let recorder = Recorder::new();
    let consumer = world.run_consumer(&recorder);
    eventually("both are handled", async || recorder.times_seen(sent[0].id) == 2).await;
    consumer.stop().await;
    assert_eq!(recorder.flags(sent[0].id), [false, true]);
    assert_eq!(world.count("effects").await, 1);
}

/// Goal: a relay that dies in the middle leaves its rows to the next, whichever way they came to it. Method: kill it while
/// its COMMIT waits.
#[tokio::test(flavor = "multi_thread")]
async fn killed_relay_leaves_its_rows() {
    kill_relay_that_has(async |_, _| {}).await;
    kill_relay_that_has(async |world, rows| world.handoff.send(rows)).await;
}

async fn kill_relay_that_has(get: impl AsyncFn(&World, Vec<Row>)) {
    let world = World::calm().await;
    let relay = world.run_relay();
    world.relay_is_connected().await;
    world.at_commit_of("DELETE ON outbox", "PERFORM pg_advisory_xact_lock(1)").await;
    let lock = world.lock(1).await;
    get(&world, world.enqueue(&events(10)).await).await;
    world.until_count(WAITING, 1).await;
    relay.kill().await;
    world.sql(&format!("SELECT pg_terminate_backend(pid) FROM {WAITING}")).await;
    world.until_count(WAITING, 0).await;
    lock.release().await;
    assert_eq!(world.count("outbox").await, 10);

    let relay = world.run_relay();
    world.until_count("outbox", 0).await;
    relay.stop().await;
    let sent = Amqp::connect(&world).await.take_ids(QUEUE).await;
    assert_eq!(sent.concat().len(), 20, "those of the killed relay were sent too");
}

/// Goal: relays share the work. Method: while one holds its rows, in a COMMIT that waits, the other sends the rest.
#[tokio::test(flavor = "multi_thread")]
async fn two_relays_hold_disjoint_rows() {
    let world = World::calm().await;
    world.enqueue(&events(700)).await;
    // Each waits for a lock of its own, and only that of the first is held.
    world.at_commit_of("DELETE ON outbox", "PERFORM pg_advisory_xact_lock(pg_backend_pid())").await;
    let (mut first, second) = (world.conn().await, world.conn().await);
    let first_pid = count(&mut first, "generate_series(1, pg_backend_pid())").await.unwrap();
    let lock = world.lock(first_pid as i32).await;
    let publisher = Publisher::open(&world.broker).await.unwrap();
    let other_publisher = Publisher::open(&world.broker).await.unwrap();

    let (held, rest) = tokio::join!(run_once(&first, &publisher), async {
        world.until_count(WAITING, 1).await;
        let rest = run_once(&second, &other_publisher).await;
        assert_eq!(run_once(&second, &other_publisher).await.unwrap(), 0, "the others are held");
        lock.release().await;
        rest
    });
    assert_eq!((held.unwrap(), rest.unwrap()), (500, 200));
    let sent: Vec<Uuid> = Amqp::connect(&world).await.take_ids(QUEUE).await.concat();
    assert_eq!((sent.len(), sent.into_iter().collect::<HashSet<_>>().len()), (700, 700));
}

/// Goal: many relays at once send each message, and without failures only once.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_relays_send_each_message_once() {
    let world = World::calm().await;
    let relays = [world.run_relay(), world.run_relay()];
    let mut expected = HashSet::new();
    for _ in 0..20 {
        let batch = events(50);
        expected.extend(batch.iter().map(|event| event.id));
        world.enqueue(&batch).await;
    }
    world.until_count("outbox", 0).await;
    for relay in relays {
        relay.stop().await;
    }
    let sent: Vec<Uuid> = Amqp::connect(&world).await.take_ids(QUEUE).await.concat();
    assert_eq!(sent.len(), expected.len());
    assert_eq!(sent.into_iter().collect::<HashSet<_>>(), expected);
}

/// Goal: what was left behind is sent although there is no end of what is new. Method: hand over until it is gone.
#[tokio::test(flavor = "multi_thread")]
async fn backlog_is_sent_beside_what_is_new() {
    let world = World::calm().await;
    let backlog = world.enqueue(&events(2_000)).await;
    let last = backlog.iter().map(|row| row.id).max().unwrap();
    let relay = world.run_relay();
    let handed = AtomicUsize::new(0);
    let hand_over = async |_| -> () {
        loop {
            let new = world.enqueue(&events(10)).await;
            handed.fetch_add(new.len(), Ordering::Relaxed);
            world.handoff.send(new);
        }
    };
    let left = format!("outbox WHERE id <= {last}");
    tokio::select! {
        () = world.until_count(&left, 0) => {}
        _ = join_all((0..6).map(hand_over)) => {}
    }
    world.until_count("outbox", 0).await;
    relay.stop().await;
    let sent: HashSet<Uuid> =
        Amqp::connect(&world).await.take_ids(QUEUE).await.concat().into_iter().collect();
    assert!(sent.len() >= backlog.len() + handed.into_inner());
}

/// Goal: what is new does not wait for a search. Method: a search whose COMMIT waits.
#[tokio::test(flavor = "multi_thread")]
async fn search_does_not_hold_up_what_is_handed_over() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let relay = world.run_relay();
    world.relay_is_connected().await;
    world.at_commit_of("DELETE ON outbox", "PERFORM pg_advisory_xact_lock(1)").await;
    let lock = world.lock(1).await;
    world.enqueue(&events(1)).await;
    world.until_count(WAITING, 1).await;
    amqp.take_next(QUEUE).await;

    // Nobody would find it in the table.
    world.handoff.send(vec![Row { id: 0, message: Message::new(&event("Ordinary"), KEY) }]);
    amqp.until_ready(QUEUE, 1).await;
    lock.release().await;
    world.until_count("outbox", 0).await;
    relay.stop().await;
    amqp.until_ready(QUEUE, 1).await;
}

/// Goal: what a session sent before it failed is not sent again. Method: it fails in a deletion that waits, when others have
/// been confirmed behind it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_failed_session_had_sent_is_not_sent_again() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let relay = world.run_relay();
    world.relay_is_connected().await;
    let [first, second, third] = [(); 3].map(|()| event("Ordinary"));
    let wait = format!("IF OLD.message_id = '{}' THEN PERFORM pg_advisory_xact_lock(1); END IF", first.id);
    world.at_commit_of("DELETE ON outbox", &wait).await;
    let lock = world.lock(1).await;
    world.handoff.send(world.enqueue(slice::from_ref(&first)).await);
    world.until_count(WAITING, 1).await;
    amqp.take_ids(QUEUE).await;
    // When the third is there, the second's confirm has long come.
    for event in [&second, &third] {
        world.handoff.send(world.enqueue(slice::from_ref(event)).await);
        amqp.take_next(QUEUE).await;
    }

    world.sql(&format!("SELECT pg_terminate_backend(pid) FROM {WAITING}")).await;
    let mut again = Vec::new();
    while !again.contains(&first.id) {
        again.extend(ids(&amqp.take_next(QUEUE).await));
    }
    lock.release().await;
    world.until_count("outbox", 0).await;
    relay.stop().await;
    again.extend(amqp.take_ids(QUEUE).await.concat());
    assert!(!again.contains(&second.id));
}

/// Goal: messages are few under load, and bounded. Method: two routing keys in one batch; look at the messages.
#[tokio::test(flavor = "multi_thread")]
async fn events_of_one_routing_key_share_messages_of_at_most_100() {
    let world = World::calm().await;
    let (many, few) = (events(250), events(30));
    let messages: Vec<Message> = many
        .iter()
        .map(|event| Message::new(event, KEY))
        .chain(few.iter().map(|event| Message::new(event, OTHER_KEY)))
        .collect();
    world.enqueue_messages(messages).await;
    let publisher = Publisher::open(&world.broker).await.unwrap();
    assert_eq!(run_once(&*world.conn().await, &publisher).await.unwrap(), 280);

    let sent = Amqp::connect(&world).await.take_ids(QUEUE).await;
    let mut sizes: Vec<usize> = sent.iter().map(Vec::len).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [30, 50, 100, 100]);
    let few: HashSet<Uuid> = few.iter().map(|event| event.id).collect();
    assert!(sent.iter().any(|ids| ids.iter().copied().collect::<HashSet<_>>() == few));
}

/// Goal: an orderly end sends what is committed. Method: commit several batches, hand none over, and ask for the end at
/// once, before they are looked for.
#[tokio::test(flavor = "multi_thread")]
async fn relay_that_shuts_down_drains_the_outbox() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let relay = world.run_relay();
    world.enqueue(&events(1)).await;
    amqp.take_next(QUEUE).await;

    world.enqueue(&events(1200)).await;
    relay.stop().await;
    assert_eq!(world.count("outbox").await, 0);
    assert_eq!(amqp.take_ids(QUEUE).await.concat().len(), 1200);
}

/// Goal: an event arrives as it was written. Method: compare byte for byte.
#[tokio::test(flavor = "multi_thread")]
async fn event_arrives_unchanged() {
    let world = World::calm().await;
    let sent = event("Ordinary");
    world.enqueue(std::slice::from_ref(&sent)).await;
    let relay = world.run_relay();
    let body = Amqp::connect(&world).await.take_next(QUEUE).await;
    assert_eq!(String::from_utf8(body).unwrap(), format!("[{}]", sent.to_json()));
    relay.stop().await;
}

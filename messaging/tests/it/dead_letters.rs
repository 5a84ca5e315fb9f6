//! Dead letters: what can't be applied is set aside, alone.

use messaging::Event;
use messaging::dead_letter;
use messaging::event::{MAX_BATCH, MAX_BODY_BYTES, join_batch};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::support::{Amqp, QUEUE, Recorder, World, event, events, eventually};

const DEAD: &str = "work.dead";

/// Goal: no body stops the consumer, or is taken for its neighbours. Method: bodies of every kind of wrong between two good
/// ones; each of the wrong ends in the dead-letter queue, as it came.
#[tokio::test(flavor = "multi_thread")]
async fn body_that_is_no_batch_is_dead_lettered_as_it_came() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let [first, last] = [(); 2].map(|()| event("Ordinary"));
    let mut bodies: Vec<Vec<u8>> = [
        &b""[..],
        b"\xff\xfe",
        b"[\"\xff\"]",
        b"{}",
        b"[]",
        b"null",
        b"[{\"specversion\":\"1.0\",",
        b"[1] [2]",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    bodies.push("[".repeat(200_000).into_bytes());
    bodies.push(join_batch(std::iter::repeat_n(last.to_json().as_str(), MAX_BATCH + 1)));
    bodies.push(vec![b' '; 10_000_000]);
    bodies.push(format!("[\"{}\"]", "x".repeat(MAX_BODY_BYTES)).into_bytes());
    amqp.publish_events([&first]).await;
    for body in &bodies {
        amqp.publish(body).await;
    }
    amqp.publish_events([&last]).await;
    let recorder = Recorder::new();
    let consumer = world.run_consumer(&recorder);
    eventually("the last one is handled", async || recorder.times_seen(last.id) == 1).await;

    let mut dead = Vec::new();
    for _ in &bodies {
        dead.push(amqp.take_next(DEAD).await);
    }
    consumer.stop().await;
    dead.sort();
    bodies.sort();
    assert!(dead == bodies, "{:?}", dead.iter().map(Vec::len).collect::<Vec<_>>());
    assert_eq!((amqp.ready(QUEUE).await, amqp.ready(DEAD).await), (0, 0));
    assert_eq!(recorder.times_seen(first.id), 1);
    assert_eq!(world.count("effects").await, 2);
}

/// Goal: one bad event spoils no other. Method: a malformed and a refused one between good ones; each is set aside once,
/// with its reason.
#[tokio::test(flavor = "multi_thread")]
async fn bad_events_of_a_good_batch_are_dead_lettered_alone() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let (refused, good) = (event("Refused"), events(2));
    let no_id = r#"{"specversion":"1.0", "type":"Ordinary","source":"test","data":1}"#;
    let (first, second) = (good[0].to_json(), good[1].to_json());
    let body = join_batch([first.as_str(), no_id, &refused.to_json(), &second].into_iter());
    amqp.publish(&body).await;
    let recorder = Recorder::new();
    let (consumer, relay) = (world.run_consumer(&recorder), world.run_relay());
    let letters = take_letters(&amqp, 2).await;
    consumer.stop().await;
    relay.stop().await;

    assert_eq!(world.count("effects").await, 2);
    assert!(good.iter().all(|event| recorder.flags(event.id) == [false]));
    let malformed = letter_with(&letters, "missing field `id`");
    assert_eq!(malformed.get("event").unwrap(), &serde_json::from_str::<Value>(no_id).unwrap());
    let refusal = letter_with(&letters, "as asked");
    assert_eq!(refusal["event"]["id"], refused.id.to_string());
    assert_eq!(refusal["queue"], QUEUE);
    assert_eq!((amqp.ready(QUEUE).await, amqp.ready(DEAD).await), (0, 0));
    assert_eq!(world.count("outbox").await, 0);
}

/// Goal: events that parse as JSON and are none are set aside with a reason of bounded size, however deep or large.
#[tokio::test(flavor = "multi_thread")]
async fn deep_and_large_events_are_dead_lettered() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let deep = format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000));
    let large = format!("[\"{}\"]", "x".repeat(MAX_BODY_BYTES - 4));
    let array = r#"[["1.0","0198c2a0-0000-7000-8000-000000000000","Ordinary","test",null,null,null,1]]"#;
    for body in [deep.as_str(), &large, array] {
        amqp.publish(body.as_bytes()).await;
    }
    let recorder = Recorder::new();
    let (consumer, relay) = (world.run_consumer(&recorder), world.run_relay());
    let letters = take_letters(&amqp, 3).await;
    consumer.stop().await;
    relay.stop().await;
    assert_eq!(world.count("effects").await, 0);
    for (letter, event) in letters.iter().map(|letter| letter.data.get().split_once("\"event\":").unwrap()) {
        assert!(letter.len() < 1000, "a reason of {} bytes", letter.len());
        assert!(
            [&deep, &large, array].iter().any(|body| body[1..body.len() - 1] == event[..event.len() - 1])
        );
    }
    assert_eq!((amqp.ready(QUEUE).await, amqp.ready(DEAD).await), (0, 0));
}

/// Takes that many letters, and no more, off the dead-letter queue.
async fn take_letters(amqp: &Amqp, number: usize) -> Vec<Event> {
    let mut letters = Vec::new();
    while letters.len() < number {
        let body = amqp.take_next(DEAD).await;
        let raw: Vec<&RawValue> = serde_json::from_slice(&body).unwrap();
        letters.extend(raw.iter().map(|raw| Event::from_json(raw.get()).unwrap()));
    }
    assert_eq!(letters.len(), number);
    assert!(letters.iter().all(|letter| letter.kind == dead_letter::KIND));
    letters
}

/// What the one letter with this reason says.
fn letter_with(letters: &[Event], reason: &str) -> Value {
    let mut found = letters.iter().filter_map(|letter| {
        let data: Value = serde_json::from_str(letter.data.get()).unwrap();
        data["reason"].as_str().unwrap().contains(reason).then_some(data)
    });
    let letter = found.next().unwrap_or_else(|| panic!("{reason} is in none of {letters:?}"));
    assert!(found.next().is_none(), "{reason} is there twice");
    letter
}

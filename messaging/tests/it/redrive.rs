//! Dead letters are looked at, and handed to their consumer again: with an effect exactly if they had none.

use chrono::{SubsecRound, Utc};
use messaging::dead_letter::{self, Choice, Content, DeadLetter, KIND, MAX_HELD};
use messaging::event::join_batch;
use messaging::{Error, Event};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Amqp, QUEUE, Recorder, World, broker, event, events, eventually, hiding_answers};

const DEAD: &str = "work.dead";

/// Goal: an operator learns of each letter why, when, where from and which event, and learning takes nothing away.
/// Method: a refused event, two that are none, one of them with an id, and a body that is no batch; look twice.
#[tokio::test(flavor = "multi_thread")]
async fn list_says_why_when_where_and_which_event() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let start = Utc::now().trunc_subsecs(0);
    let refused = event("Refused");
    let (named, nameless) = (r#"{"id":"no UUID","type":"Odd"}"#, "[5]");
    amqp.publish(&join_batch([refused.to_json().as_str(), named, nameless].into_iter())).await;
    amqp.publish(b"no batch").await;
    let letters = dead_letters_of(&world, &Recorder::new(), 4).await;

    let with_code =
        |code: &str| -> Vec<&DeadLetter> { letters.iter().filter(|letter| letter.code == code).collect() };
    let letter = with_code("as-asked")[0];
    assert_eq!(letter.reason, "as asked");
    assert_eq!(letter.event_id, Some(refused.id.to_string()));
    assert_eq!(letter.kind.as_deref(), Some("Refused"));
    assert!(matches!(&letter.content, Content::Event(event) if event.get() == refused.to_json()));
    let ids: Vec<_> =
        with_code(dead_letter::NOT_A_CLOUDEVENT).iter().map(|letter| letter.event_id.as_deref()).collect();
    assert!(ids.len() == 2 && ids.contains(&Some("no UUID")) && ids.contains(&None), "{ids:?}");
    let letter = with_code(dead_letter::NOT_A_BATCH)[0];
    assert!(letter.reason.contains("expected"), "{}", letter.reason);
    assert_eq!((&letter.event_id, &letter.kind), (&None, &None));
    assert!(matches!(&letter.content, Content::Body(body) if body == b"no batch"));
    for letter in &letters {
        assert_eq!(letter.queue, QUEUE);
        assert!(letter.time.is_some_and(|time| (start..=Utc::now()).contains(&time)), "{letter:?}");
    }
    assert_eq!(ids_of(&list(&world).await), ids_of(&letters));
}

/// Goal: a refused event that is redriven is processed although its id was seen, and once. Method: a handler that relies
/// on `duplicate` alone refuses an event that is twice in a batch; mend it, redrive, and send the event once more.
#[tokio::test(flavor = "multi_thread")]
async fn refused_event_takes_effect_once_when_it_is_redriven() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let (refused, neighbour) = (event("Refused"), event("Ordinary"));
    amqp.publish_events([&refused, &refused, &neighbour]).await;
    let recorder = Recorder::new();
    dead_letters_of(&world, &recorder, 1).await;
    assert_eq!(recorder.flags(refused.id), [false, true]);
    assert_eq!(world.count("inbox").await, 1, "the neighbour's");

    recorder.let_go();
    assert_eq!(redrive(&world, Choice::default()).await.len(), 1);
    amqp.publish_events([&refused]).await;
    let consumer = world.run_consumer(&recorder);
    eventually("both are handled", async || recorder.times_seen(refused.id) == 4).await;
    consumer.stop().await;
    assert_eq!(recorder.flags(refused.id)[2..], [false, true]);
    assert_eq!(world.count("effects").await, 2);
    assert_eq!((amqp.ready(QUEUE).await, amqp.ready(DEAD).await), (0, 0));
}

/// Goal: a letter of whatever type goes back. Method: a type that is longer than AMQP's short strings can be.
#[tokio::test(flavor = "multi_thread")]
async fn letter_with_a_long_type_is_redriven() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let odd = json!({ "id": "odd", "type": "T".repeat(300) }).to_string();
    amqp.publish(&join_batch([odd.as_str()].into_iter())).await;
    dead_letters_of(&world, &Recorder::new(), 1).await;
    assert_eq!(redrive(&world, Choice::default()).await.len(), 1);
    amqp.until_ready(QUEUE, 1).await;
    assert_eq!(amqp.ready(DEAD).await, 0);
}

/// Goal: what had its effect has no second, however often its letter is redriven. Method: a letter of which a copy was
/// accepted meanwhile; the letter is there twice.
#[tokio::test(flavor = "multi_thread")]
async fn redriven_event_that_had_its_effect_has_no_second() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let refused = event("Refused");
    amqp.publish_events([&refused]).await;
    let recorder = Recorder::new();
    dead_letters_of(&world, &recorder, 1).await;
    let letter = amqp.take_next(DEAD).await;
    amqp.publish_to(DEAD, &letter).await;
    amqp.publish_to(DEAD, &letter).await;
    recorder.let_go();
    let consumer = world.run_consumer(&recorder);
    amqp.publish_events([&refused]).await;
    world.until_count("effects", 1).await;

    assert_eq!(redrive(&world, Choice::default()).await.len(), 2);
    eventually("both are handled", async || recorder.times_seen(refused.id) == 4).await;
    consumer.stop().await;
    assert_eq!(recorder.flags(refused.id), [false, false, true, true]);
    assert_eq!(world.count("effects").await, 1);
}

/// Goal: a refusal takes no id out of the inbox that another event of this id, with an effect, has put there. Method: twins
/// that are refused as duplicates, in the same batch and in a later one; then the event again.
#[tokio::test(flavor = "multi_thread")]
async fn refused_duplicate_leaves_its_id_in_the_inbox() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let first = event("Ordinary");
    let twin = Event { kind: "Twin".to_owned(), ..first.clone() };
    amqp.publish_events([&first, &twin]).await;
    let recorder = Recorder::new();
    dead_letters_of(&world, &recorder, 1).await;
    amqp.publish_events([&twin]).await;
    dead_letters_of(&world, &recorder, 2).await;

    amqp.publish_events([&first]).await;
    let consumer = world.run_consumer(&recorder);
    eventually("it is handled", async || recorder.times_seen(first.id) == 4).await;
    consumer.stop().await;
    assert_eq!(recorder.flags(first.id), [false, true, true, true]);
    assert_eq!(world.count("effects").await, 1);
}

/// Goal: what is not chosen stays, and has the order it had, though the broker takes back dozens in any. Method: letters
/// with two codes, each in a message of its own, and then three in one message; redrive some by code and number, one by its
/// event's id, one by a part of its own.
#[tokio::test(flavor = "multi_thread")]
async fn letters_that_are_not_chosen_stay_in_their_order() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let codes = ["even", "odd"].into_iter().cycle();
    let (held, letters): (Vec<Event>, Vec<Event>) =
        events(100).into_iter().zip(codes).map(|(held, code)| (held.clone(), letter(code, &held))).unzip();
    for letter in &letters[..97] {
        amqp.publish_to(DEAD, &join_batch([letter.to_json().as_str()].into_iter())).await;
    }
    let together: Vec<String> = letters[97..].iter().map(Event::to_json).collect();
    amqp.publish_to(DEAD, &join_batch(together.iter().map(String::as_str))).await;
    amqp.until_ready(DEAD, 98).await;
    let mut expected: Vec<Uuid> = letters.iter().map(|letter| letter.id).collect();
    assert_eq!(ids_of(&list(&world).await), expected);

    let by_code = Choice { code: Some("odd".to_owned()), limit: Some(3), ..Choice::default() };
    let by_event = Choice { ids: vec![held[98].id.to_string()], ..Choice::default() };
    let by_id = Choice { ids: vec![letters[6].id.to_string()[..8].to_owned()], ..Choice::default() };
    let by_both = Choice { ids: vec![held[8].id.to_string()], code: Some("odd".to_owned()), limit: None };
    for (choice, places) in [(by_code, &[1, 3, 5][..]), (by_event, &[98]), (by_id, &[6]), (by_both, &[])] {
        let redriven = ids_of(&redrive(&world, choice).await);
        assert_eq!(redriven, places.iter().map(|place| letters[*place].id).collect::<Vec<_>>());
        let arrived = amqp.take_ids(QUEUE).await.concat();
        assert_eq!(arrived, places.iter().map(|place| held[*place].id).collect::<Vec<_>>());
        expected.retain(|id| !redriven.contains(id));
        assert_eq!(ids_of(&list(&world).await), expected);
    }
}

/// Goal: more letters than may be held are all redriven. Method: bodies, of which nothing has to be handled.
#[tokio::test(flavor = "multi_thread")]
async fn more_letters_than_may_be_held_are_redriven() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let count = u32::from(MAX_HELD) + 1;
    for _ in 0..count {
        amqp.publish_to(DEAD, b"no letter").await;
    }
    amqp.until_ready(DEAD, count).await;
    assert_eq!(list(&world).await.len(), usize::from(MAX_HELD));
    assert_eq!(redrive(&world, Choice::default()).await.len(), count as usize);
    amqp.until_ready(QUEUE, count).await;
    assert_eq!(amqp.ready(DEAD).await, 0);
}

/// Goal: a redrive that dies between publish and ack loses nothing and repeats no effect. Method: from the publish on,
/// the broker's answers are hidden from it; kill it when the event is in the queue; redrive again.
#[tokio::test(flavor = "multi_thread")]
async fn redrive_killed_between_publish_and_ack_loses_nothing() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let held = event("Ordinary");
    amqp.publish_to(DEAD, &join_batch([letter("mended", &held).to_json().as_str()].into_iter())).await;
    let hidden = broker(&hiding_answers(&world.amqp_url, held.id.to_string()).await);
    let killed = tokio::spawn(async move {
        dead_letter::redrive(&hidden, QUEUE, &mut Choice::default(), |_| panic!("never confirmed")).await
    });
    amqp.until_ready(QUEUE, 1).await;
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    amqp.until_ready(DEAD, 1).await;

    assert_eq!(redrive(&world, Choice::default()).await.len(), 1);
    let recorder = Recorder::new();
    let consumer = world.run_consumer(&recorder);
    eventually("both are handled", async || recorder.times_seen(held.id) == 2).await;
    consumer.stop().await;
    assert_eq!(world.count("effects").await, 1);
    assert_eq!((amqp.ready(QUEUE).await, amqp.ready(DEAD).await), (0, 0));
}

/// Goal: letters that come back at once are not redriven for ever. Method: a consumer that refuses again, at work while
/// its letters are redriven.
#[tokio::test(flavor = "multi_thread")]
async fn letters_that_come_back_are_left_for_another_time() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let refused: Vec<Event> = (0..5).map(|_| event("Refused")).collect();
    for event in &refused {
        amqp.publish_to(DEAD, &join_batch([letter("as-asked", event).to_json().as_str()].into_iter())).await;
    }
    amqp.until_ready(DEAD, 5).await;
    let recorder = Recorder::new();
    let (consumer, relay) = (world.run_consumer(&recorder), world.run_relay());
    assert_eq!(redrive(&world, Choice::default()).await.len(), 5);
    eventually("they are letters again", async || list(&world).await.len() == 5).await;
    consumer.stop().await;
    relay.stop().await;
    assert!(refused.iter().all(|event| recorder.flags(event.id) == [false]));
    assert_eq!((world.count("effects").await, world.count("inbox").await), (0, 0));
}

/// Goal: a body that was rejected by mistake can be processed. Method: bodies that are no batch, redriven with nobody at
/// work, are in the queue as they came, and can be rejected and redriven again.
#[tokio::test(flavor = "multi_thread")]
async fn rejected_body_is_redriven_as_it_came() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let bodies: [&[u8]; 3] = [b"{}", b"\xff\xfe", b""];
    for body in bodies {
        amqp.publish(body).await;
    }
    for _ in 0..2 {
        dead_letters_of(&world, &Recorder::new(), bodies.len()).await;
        assert_eq!(redrive(&world, Choice::default()).await.len(), bodies.len());
    }
    for body in bodies {
        assert_eq!(amqp.take_next(QUEUE).await, body);
    }
    assert_eq!((amqp.ready(QUEUE).await, amqp.ready(DEAD).await), (0, 0));
}

/// Goal: what can't be done is said, and takes nothing away. Method: a queue that nobody declared; then a letter whose
/// queue was deleted.
#[tokio::test(flavor = "multi_thread")]
async fn missing_queues_are_errors_and_lose_no_letter() {
    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let missing = dead_letter::list(&world.broker, "nothing").await;
    assert!(matches!(&missing, Err(Error::MissingQueue(name)) if name == "nothing.dead"), "{missing:?}");

    amqp.publish_to(DEAD, &join_batch([letter("lost", &event("Ordinary")).to_json().as_str()].into_iter()))
        .await;
    amqp.delete_queue(QUEUE).await;
    let done = |_: &DeadLetter| panic!("there is no queue");
    let returned = dead_letter::redrive(&world.broker, QUEUE, &mut Choice::default(), done).await;
    assert!(matches!(&returned, Err(Error::NotConfirmed(why)) if why.contains(QUEUE)), "{returned:?}");
    amqp.until_ready(DEAD, 1).await;
}

/// Runs a consumer and a relay until there are so many letters.
async fn dead_letters_of(world: &World, recorder: &Recorder, count: usize) -> Vec<DeadLetter> {
    let (consumer, relay) = (world.run_consumer(recorder), world.run_relay());
    let mut letters = Vec::new();
    eventually("there are dead letters", async || {
        letters = list(world).await;
        letters.len() == count
    })
    .await;
    consumer.stop().await;
    relay.stop().await;
    letters
}

async fn list(world: &World) -> Vec<DeadLetter> {
    dead_letter::list(&world.broker, QUEUE).await.unwrap()
}

async fn redrive(world: &World, mut choice: Choice) -> Vec<DeadLetter> {
    let mut redriven = Vec::new();
    let done = |letter: &DeadLetter| redriven.push(letter.clone());
    dead_letter::redrive(&world.broker, QUEUE, &mut choice, done).await.unwrap();
    redriven
}

fn ids_of(letters: &[DeadLetter]) -> Vec<Uuid> {
    letters.iter().map(|letter| letter.id).collect()
}

/// A letter as a consumer writes it.
fn letter(code: &str, held: &Event) -> Event {
    let content = Uuid::new_v5(&Uuid::NAMESPACE_OID, held.to_json().as_bytes());
    let held: serde_json::Value = serde_json::from_str(&held.to_json()).unwrap();
    let data = json!({ "queue": QUEUE, "code": code, "reason": "", "event_id": held["id"], "event": held });
    Event::new(QUEUE, KIND, content, Utc::now(), &data)
}

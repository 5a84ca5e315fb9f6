//! Broadcast: changes reach every listener, and what does not is noticed.

use std::sync::{Arc, Mutex};

use messaging::broadcast::{Audience, Listener, Voice, speaker};
use stack::Link;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{World, broker, eventually};

const CHANNEL: &str = "changes";

/// Goal: every process hears of every change. Method: two listeners, two speakers, more changes than go into a packet.
#[tokio::test(flavor = "multi_thread")]
async fn changes_reach_every_listener() {
    let world = World::calm().await;
    let ears = [Ear::listening(&world.amqp_url).await, Ear::listening(&world.amqp_url).await];
    let mouths = [Mouth::speaking(&world.amqp_url), Mouth::speaking(&world.amqp_url)];
    ears[0].until_heard_from(&mouths[0]).await;
    ears[1].until_heard_from(&mouths[1]).await;
    let topic = Uuid::now_v7();
    for mouth in &mouths {
        mouth.voice.tell((0..700).map(|number| (topic, number)));
    }
    for ear in &ears {
        eventually("all changes are heard", async || ear.count(topic) == 1_400).await;
        assert!(ear.resets() <= 2, "only those of the beginning");
    }
}

/// Goal: nobody stays ignorant of what was committed and never told. Method: a speaker ends without a word.
#[tokio::test(flavor = "multi_thread")]
async fn silence_is_noticed() {
    let world = World::calm().await;
    let ear = Ear::listening(&world.amqp_url).await;
    let mouth = Mouth::speaking(&world.amqp_url);
    ear.until_heard_from(&mouth).await;
    ear.until_settled().await;
    mouth.task.abort();
    eventually("the listener is told that something may be missing", async || ear.resets() == 3).await;
}

/// Goal: whoever speaks never waits, and what is left out is noticed. Method: a line to the broker that passes nothing,
/// more changes than there is room for, and then the line again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_speaker_leaves_out_is_noticed() {
    let world = World::calm().await;
    let (link, through_link) = link_to(&world.amqp_url).await;
    let ear = Ear::listening(&world.amqp_url).await;
    let mouth = Mouth::speaking(&through_link);
    ear.until_heard_from(&mouth).await;
    ear.until_settled().await;
    link.stall();
    for number in 0..2_000 {
        mouth.voice.tell([(Uuid::now_v7(), number)]);
    }
    link.reset();
    link.pass();
    eventually("the listener is told that something is missing", async || ear.resets() > 2).await;
    ear.until_heard_from(&mouth).await;
}

/// Goal: what a listener could not hear is noticed. Method: its line breaks, a change is told meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_listener_misses_is_noticed() {
    let world = World::calm().await;
    let (link, through_link) = link_to(&world.amqp_url).await;
    let ear = Ear::listening(&through_link).await;
    let mouth = Mouth::speaking(&world.amqp_url);
    ear.until_heard_from(&mouth).await;
    ear.until_settled().await;
    link.refuse();
    let missed = Uuid::now_v7();
    mouth.voice.tell([(missed, 1)]);
    link.pass();
    eventually("the listener is told that something may be missing", async || ear.resets() > 2).await;
    ear.until_heard_from(&mouth).await;
    assert_eq!(ear.count(missed), 0);
}

/// A line to the broker, and the address that leads through it.
async fn link_to(amqp_url: &str) -> (Link, String) {
    let (_, place) = amqp_url.rsplit_once('@').unwrap();
    let (address, _) = place.split_once('/').unwrap();
    let link = Link::start(address.parse().unwrap()).await.unwrap();
    let url = amqp_url.replace(address, &format!("127.0.0.1:{}", link.port()));
    (link, url)
}

struct Mouth {
    voice: Voice,
    task: JoinHandle<()>,
}

impl Mouth {
    fn speaking(amqp_url: &str) -> Self {
        let (voice, speaker) = speaker(broker(amqp_url), CHANNEL);
        Self { voice, task: tokio::spawn(speaker.run(CancellationToken::new())) }
    }
}

#[derive(Default)]
struct Heard {
    topics: Vec<Uuid>,
    resets: usize,
}

struct Ear(Arc<Mutex<Heard>>);

struct Memory(Arc<Mutex<Heard>>);

impl Audience for Memory {
    fn changed(&self, topic: Uuid, _: &str) {
        self.0.lock().unwrap().topics.push(topic);
    }

    fn reset(&self) {
        self.0.lock().unwrap().resets += 1;
    }
}

impl Ear {
    async fn listening(amqp_url: &str) -> Self {
        let heard: Arc<Mutex<Heard>> = Arc::default();
        let audience = Memory(heard.clone());
        let listener = Listener { broker: broker(amqp_url), channel: CHANNEL, audience };
        tokio::spawn(listener.run(CancellationToken::new()));
        let ear = Self(heard);
        eventually("the listener listens", async || ear.resets() == 1).await;
        ear
    }

    /// Until something that the mouth says now is heard.
    async fn until_heard_from(&self, mouth: &Mouth) {
        eventually("a change is heard", async || {
            let topic = Uuid::now_v7();
            mouth.voice.tell([(topic, 0)]);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            self.count(topic) == 1
        })
        .await;
    }

    /// Until everybody is known who speaks.
    async fn until_settled(&self) {
        eventually("the session is settled", async || self.resets() == 2).await;
    }

    fn count(&self, topic: Uuid) -> usize {
        self.0.lock().unwrap().topics.iter().filter(|heard| **heard == topic).count()
    }

    fn resets(&self) -> usize {
        self.0.lock().unwrap().resets
    }
}

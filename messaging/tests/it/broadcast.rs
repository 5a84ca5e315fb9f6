//! Broadcast: changes reach every listener, and what does not is noticed.

use std::fmt::Display;
use std::sync::{Arc, Mutex};

use messaging::broadcast::{Audience, Voice, join};
use stack::Link;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{Amqp, World, broker, eventually};

const CHANNEL: &str = "changes";

/// Goal: every process hears of every change. Method: two listeners, two speakers, more changes than go into a packet.
#[tokio::test(flavor = "multi_thread")]
async fn changes_reach_every_listener() {
    let world = World::calm().await;
    let ears = [Ear::listening(&world.amqp_url).await, Ear::listening(&world.amqp_url).await];
    let mouths = [Mouth::speaking(&world.amqp_url), Mouth::speaking(&world.amqp_url)];
    ears[0].until_heard_from(&mouths[0].voice).await;
    ears[1].until_heard_from(&mouths[1].voice).await;
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
    ear.until_heard_from(&mouth.voice).await;
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
    ear.until_heard_from(&mouth.voice).await;
    ear.until_settled().await;
    link.stall();
    for number in 0..2_000 {
        mouth.voice.tell([(Uuid::now_v7(), number)]);
    }
    link.reset();
    link.pass();
    eventually("the listener is told that something is missing", async || ear.resets() > 2).await;
    ear.until_heard_from(&mouth.voice).await;
}

/// Goal: what a listener could not hear is noticed. Method: its line breaks, a change is told meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_listener_misses_is_noticed() {
    let world = World::calm().await;
    let (link, through_link) = link_to(&world.amqp_url).await;
    let ear = Ear::listening(&through_link).await;
    let mouth = Mouth::speaking(&world.amqp_url);
    ear.until_heard_from(&mouth.voice).await;
    ear.until_settled().await;
    link.refuse();
    let missed = Uuid::now_v7();
    mouth.voice.tell([(missed, 1)]);
    link.pass();
    eventually("the listener is told that something may be missing", async || ear.resets() > 2).await;
    ear.until_heard_from(&mouth.voice).await;
    assert_eq!(ear.count(missed), 0);
}

/// Goal: a process hears itself, whatever the broker does. Method: neither end of its channel runs.
#[tokio::test(flavor = "multi_thread")]
async fn own_changes_need_no_broker() {
    let heard: Arc<Mutex<Heard>> = Arc::default();
    let (voice, _speaker, _listener) = join(broker("amqp://127.0.0.1:1/%2f"), CHANNEL, Memory(heard.clone()));
    let topic = Uuid::now_v7();
    voice.tell([(topic, 1), (topic, 2)]);
    assert_eq!(heard.lock().unwrap().topics, [topic, topic]);
}

/// Goal: what may have been committed untold is looked for by everybody, and again when it can no longer be under way.
/// Method: a process that is unsure, one that is so without a broker, and an ear.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_committed_is_looked_for() {
    let world = World::calm().await;
    let [process, without_broker] = [world.amqp_url.as_str(), "amqp://127.0.0.1:1/%2f"].map(Process::running);
    let ear = Ear::listening(&world.amqp_url).await;
    ear.until_settled().await;
    process.ear.until_settled().await;
    process.voice.unsure();
    without_broker.voice.unsure();
    for (ear, before) in [(&ear, 2), (&process.ear, 2), (&without_broker.ear, 0)] {
        eventually("it looks, and looks again", async || ear.resets() == before + 2).await;
    }
}

/// Goal: no process stays deaf. Method: the exchange is deleted, and with it what binds a listener's queue to it.
#[tokio::test(flavor = "multi_thread")]
async fn who_hears_nobody_listens_anew() {
    let world = World::calm().await;
    let [one, other] = [(); 2].map(|()| Process::running(&world.amqp_url));
    one.ear.until_settled().await;
    Amqp::connect(&world).await.delete_exchange(CHANNEL).await;
    one.ear.until_heard_from(&other.voice).await;
}

/// Goal: whoever is alone sends nothing, and who comes then misses nothing. Method: a process, and an ear that it does not
/// know of since it has nothing to say; then another process.
#[tokio::test(flavor = "multi_thread")]
async fn process_that_is_alone_tells_nobody_until_another_comes() {
    let world = World::calm().await;
    let process = Process::running(&world.amqp_url);
    let ear = Ear::listening(&world.amqp_url).await;
    ear.until_settled().await;
    eventually("a change is left out, and that is noticed", async || {
        let (topic, resets) = (Uuid::now_v7(), ear.resets());
        process.voice.tell([(topic, 0)]);
        eventually("either is heard", async || ear.count(topic) == 1 || ear.resets() > resets).await;
        ear.count(topic) == 0
    })
    .await;

    let other = Process::running(&world.amqp_url);
    other.ear.until_heard_from(&process.voice).await;
    process.ear.until_heard_from(&other.voice).await;
    let (topic, last) = (Uuid::now_v7(), Uuid::now_v7());
    process.voice.tell([(topic, 0)]);
    eventually("the other hears it", async || other.ear.count(topic) == 1).await;
    other.voice.tell([(last, 0)]);
    eventually("it hears the other", async || process.ear.count(last) == 1).await;
    assert_eq!(process.ear.count(topic), 1, "it hears itself once");
}

/// A line to the broker, and the address that leads through it.
async fn link_to(amqp_url: &str) -> (Link, String) {
    let (_, place) = amqp_url.rsplit_once('@').unwrap();
    let (address, _) = place.split_once('/').unwrap();
    let link = Link::start(address.parse().unwrap()).await.unwrap();
    let url = amqp_url.replace(address, &format!("127.0.0.1:{}", link.port()));
    (link, url)
}

/// A process that does not listen.
struct Mouth {
    voice: Voice,
    task: JoinHandle<()>,
}

impl Mouth {
    fn speaking(amqp_url: &str) -> Self {
        let (voice, speaker, _) = join(broker(amqp_url), CHANNEL, Memory(Arc::default()));
        Self { voice, task: tokio::spawn(speaker.run(CancellationToken::new())) }
    }
}

/// A whole one.
struct Process {
    voice: Voice,
    ear: Ear,
}

impl Process {
    fn running(amqp_url: &str) -> Self {
        let heard: Arc<Mutex<Heard>> = Arc::default();
        let (voice, speaker, listener) = join(broker(amqp_url), CHANNEL, Memory(heard.clone()));
        tokio::spawn(speaker.run(CancellationToken::new()));
        tokio::spawn(listener.run(CancellationToken::new()));
        Self { voice, ear: Ear(heard) }
    }
}

#[derive(Default)]
struct Heard {
    topics: Vec<Uuid>,
    resets: usize,
}

/// A process that does not speak.
struct Ear(Arc<Mutex<Heard>>);

struct Memory(Arc<Mutex<Heard>>);

impl Audience for Memory {
    fn changed(&self, topic: Uuid, _: &dyn Display) {
        self.0.lock().unwrap().topics.push(topic);
    }

    fn reset(&self) {
        self.0.lock().unwrap().resets += 1;
    }
}

impl Ear {
    async fn listening(amqp_url: &str) -> Self {
        let heard: Arc<Mutex<Heard>> = Arc::default();
        let (_, _, listener) = join(broker(amqp_url), CHANNEL, Memory(heard.clone()));
        tokio::spawn(listener.run(CancellationToken::new()));
        let ear = Self(heard);
        eventually("the listener listens", async || ear.resets() == 1).await;
        ear
    }

    /// Until something that the voice says now is heard.
    async fn until_heard_from(&self, voice: &Voice) {
        eventually("a change is heard", async || {
            let topic = Uuid::now_v7();
            voice.tell([(topic, 0)]);
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

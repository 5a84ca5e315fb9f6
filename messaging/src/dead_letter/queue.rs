//! Reading a dead-letter queue without emptying it, and handing letters to their consumer again.

use std::time::Duration;

use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
};
use lapin::types::FieldTable;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::KIND;
use super::letter::{Content, DeadLetter, read};
use crate::error::within;
use crate::outbox::Message;
use crate::publisher::Publisher;
use crate::topology::dead_letter_queue;
use crate::{Broker, Error};

/// Messages that are held while a queue is read, at most: what lies behind them is not looked at.
pub const MAX_HELD: u16 = 10_000;

/// An exchange with the broker.
const BROKER_LIMIT: Duration = Duration::from_secs(10);
/// How soon it is noticed that messages are back in their queue.
const PROBE: Duration = Duration::from_millis(10);
const TAG: &str = "dead-letters";

/// Which letters are meant; all of them by default.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Those with one of these ids, if there are any: see [`DeadLetter::is`].
    pub ids: Vec<String>,
    /// Those with this code.
    pub code: Option<String>,
    /// So many at most, the oldest of those that are looked at.
    pub limit: Option<usize>,
}

impl Choice {
    /// Whether this letter is meant; it counts towards the limit if so.
    pub fn take(&mut self, letter: &DeadLetter) -> bool {
        let is_meant = !self.is_exhausted()
            && (self.ids.is_empty() || self.ids.iter().any(|id| letter.is(id)))
            && self.code.as_ref().is_none_or(|code| *code == letter.code);
        if let Some(limit) = self.limit.as_mut().filter(|_| is_meant) {
            *limit -= 1;
        }
        is_meant
    }

    fn is_exhausted(&self) -> bool {
        self.limit == Some(0)
    }
}

/// The dead letters of `queue`, oldest first, those without a time last; what a relay has sent as one message stays together.
/// They stay in the queue. While they are read, others who read see fewer.
///
/// The broker counts it as a delivery of each, and drops a message after as many as [`Topology`](crate::Topology)'s
/// queues allow, which is 100,000.
///
/// # Errors
/// The broker can't be reached or refuses, or the queue was never declared.
pub async fn list(broker: &Broker, queue: &str) -> Result<Vec<DeadLetter>, Error> {
    let mut reading = Reading::open(broker, queue).await?;
    let messages = reading.messages().await?;
    reading.close().await;
    Ok(messages.into_iter().flat_map(|message| read(queue, &message)).collect())
}

/// Hands the chosen dead letters of `queue` to its consumer again, and to no other queue; `done` is told of each that is
/// no dead letter any more.
///
/// A letter is taken away only when the broker has confirmed what it held in the queue. Whoever dies in between leaves
/// both, which is harmless: the inbox knows an event that had its effect. Letters that were not there at the start, such
/// as those that are refused again, are left alone. The others stay.
///
/// # Errors
/// As with [`list`], or the broker did not confirm. Those that `done` was told of are redriven, the others are still
/// there.
pub async fn redrive(
    broker: &Broker,
    queue: &str,
    choice: &mut Choice,
    mut done: impl FnMut(&DeadLetter),
) -> Result<(), Error> {
    let mut reading = Reading::open(broker, queue).await?;
    while !choice.is_exhausted() {
        // What is taken away makes room for others.
        let messages = reading.messages().await?;
        if messages.is_empty() {
            break;
        }
        for delivery in messages {
            let letters: Vec<_> =
                read(queue, &delivery).into_iter().map(|letter| (choice.take(&letter), letter)).collect();
            if letters.iter().all(|(is_chosen, _)| !is_chosen) {
                continue;
            }
            reading.publish(&delivery, &letters).await?;
            reading.remove(&delivery).await?;
            letters.iter().filter(|(is_chosen, _)| *is_chosen).for_each(|(_, letter)| done(letter));
        }
    }
    reading.close().await;
    Ok(())
}

/// A dead-letter queue that is being read. When it is dropped, the broker takes back what was not removed.
struct Reading<'a> {
    queue: &'a str,
    publisher: Publisher,
    deliveries: lapin::Consumer,
    /// Of the messages that were there at the start, those still to be read.
    left: u32,
    /// Those that were read and stay.
    held: u32,
}

impl<'a> Reading<'a> {
    async fn open(broker: &Broker, queue: &'a str) -> Result<Self, Error> {
        // Nothing is declared: whoever misspells a name learns of it.
        let session = broker.connect("dead letters").await?;
        let dead = dead_letter_queue(queue);
        let left = session.depth(&dead).await.map_err(|error| error.or_missing(&dead))?;
        // The default exchange leads to the queue that is named, past its other readers.
        let publisher = Publisher::on(session, "").await?;
        let channel = &publisher.session().channel;
        let deliveries = within(BROKER_LIMIT, "subscribing", async {
            channel.basic_qos(MAX_HELD, BasicQosOptions::default()).await?;
            let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
            channel.basic_consume(dead.into(), TAG.into(), options, arguments).await
        })
        .await?;
        Ok(Self { queue, publisher, deliveries, left, held: 0 })
    }

    /// Of those that were there at the start, as many as may be held, by their time: of more than 32 that are given back
    /// together RabbitMQ 3.10 forgets the order.
    async fn messages(&mut self) -> Result<Vec<Delivery>, Error> {
        let mut messages = Vec::new();
        while self.left > 0 && self.held < MAX_HELD.into() {
            let next = async { Ok::<_, Error>(self.deliveries.next().await.ok_or(Error::ConsumerEnded)??) };
            let delivery =
                within(BROKER_LIMIT, "waiting for a dead letter (does somebody else read them?)", next)
                    .await?;
            self.left -= 1;
            self.held += 1;
            let time = read(self.queue, &delivery).first().and_then(|letter| letter.time);
            messages.push((time, delivery));
        }
        messages.sort_by_key(|(time, _)| (time.is_none(), *time));
        Ok(messages.into_iter().map(|(_, delivery)| delivery).collect())
    }

    /// Returns when the broker has confirmed all of a message: what the chosen letters hold in the queue, the other
    /// letters in this one.
    async fn publish(&self, delivery: &Delivery, letters: &[(bool, DeadLetter)]) -> Result<(), Error> {
        if let [(true, DeadLetter { content: Content::Body(body), .. })] = letters {
            return self.publisher.publish_body(self.queue, body, &delivery.properties).await;
        }
        let dead = dead_letter_queue(self.queue);
        let raw: Vec<&RawValue> =
            serde_json::from_slice(&delivery.data).expect("it has been read as letters");
        let messages = raw.iter().zip(letters).map(|(raw, (is_chosen, letter))| {
            let (kind, routing_key, payload) = match &letter.content {
                Content::Event(event) if *is_chosen => {
                    (letter.kind.as_deref().unwrap_or_default(), self.queue, event.get())
                }
                _ => (KIND, dead.as_str(), raw.get()),
            };
            let [kind, routing_key, payload] = [kind, routing_key, payload].map(str::to_owned);
            Message { message_id: Uuid::nil(), kind, routing_key, payload }
        });
        self.publisher.publish(&messages.collect::<Vec<_>>()).await
    }

    async fn remove(&mut self, delivery: &Delivery) -> Result<(), Error> {
        if !within(BROKER_LIMIT, "acknowledging", delivery.ack(BasicAckOptions::default())).await? {
            return Err(Error::Disconnected);
        }
        self.held -= 1;
        Ok(())
    }

    /// Gives back what stays and waits until the broker has it, so that who reads next sees it.
    async fn close(self) {
        let session = self.publisher.session();
        let dead = dead_letter_queue(self.queue);
        let given_back = async {
            let others = session.look(&dead).await?.consumer_count().saturating_sub(1);
            // First of all, or what is given back would be delivered here again.
            session.channel.basic_cancel(TAG.into(), BasicCancelOptions::default()).await?;
            let all = BasicNackOptions { multiple: true, requeue: true };
            session.channel.basic_nack(0, all).await?;
            // A consumer that was cancelled counts until nothing of what it held is left. How many messages are ready
            // would not tell: others arrive.
            while session.look(&dead).await?.consumer_count() > others {
                tokio::time::sleep(PROBE).await;
            }
            Ok::<_, Error>(())
        };
        // If it fails, or others begin to read, the broker does the same with what a closed connection held.
        let _ = within(BROKER_LIMIT, "giving dead letters back", given_back).await;
        self.publisher.close().await;
    }
}

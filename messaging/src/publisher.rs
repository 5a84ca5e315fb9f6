//! Publishing with confirms: a batch is either confirmed whole or not at all.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::Utc;
use futures_util::future::try_join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation};
use uuid::Uuid;

use crate::broker::{Broker, Session};
use crate::error::within;
use crate::event::{CONTENT_TYPE, MAX_BATCH, join_batch};
use crate::outbox::Message;
use crate::{Error, crash_point, mutant};

/// How long a batch may wait for its confirms before it is taken for unsent.
const CONFIRM_LIMIT: Duration = Duration::from_secs(5);
/// A body that holds this much is full. Far below what brokers take (16 MiB by default since RabbitMQ 4.0): one
/// message over their limit would fail its batch again and again, and with it all that wait behind it.
const FULL_BODY_BYTES: usize = 1 << 20;
const PERSISTENT: u8 = 2;

/// A session of its own with publisher confirms on.
pub struct Publisher {
    session: Session,
    exchange: String,
    /// Routing keys of what may reach nobody.
    announcements: Vec<String>,
    /// Channels with confirms on, and nothing on its way. A batch has one to itself: a returned message surfaces on
    /// whichever confirm of its channel comes next, and that must be one of its own batch.
    idle: Mutex<Vec<Channel>>,
}

impl Publisher {
    /// Opens a session and turns confirms on.
    pub async fn open(broker: &Broker) -> Result<Self, Error> {
        let topology = broker.topology();
        let publisher = Self::on(broker.open("relay").await?, &topology.exchange).await?;
        Ok(Self { announcements: topology.announcements.clone(), ..publisher })
    }

    /// Turns confirms on; what is published goes to `exchange`, and from there to some queue.
    pub(crate) async fn on(session: Session, exchange: &str) -> Result<Self, Error> {
        let exchange = exchange.to_owned();
        let publisher = Self { session, exchange, announcements: Vec::new(), idle: Mutex::default() };
        publisher.put_back(publisher.channel().await?);
        Ok(publisher)
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Fails if the connection is gone; costs nothing.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.session.check()
    }

    /// Whether the broker has raised an alarm and takes no publishes.
    pub(crate) fn is_blocked(&self) -> bool {
        self.session.is_blocked()
    }

    /// Waits until the broker takes publishes, or the connection is gone.
    pub(crate) async fn until_unblocked(&self) {
        self.session.until_blocked(false).await;
    }

    /// Publishes `messages`, up to [`MAX_BATCH`] events of one routing key to an AMQP message, and returns when
    /// the broker has confirmed every one.
    ///
    /// # Errors
    /// A nack, a return, an error, a timeout, or a broker that blocks publishers. Some may have been sent: send
    /// all of them again, on another publisher.
    pub async fn publish(&self, messages: &[Message]) -> Result<(), Error> {
        let mut by_key: BTreeMap<&str, Vec<&Message>> = BTreeMap::new();
        for message in messages {
            by_key.entry(&message.routing_key).or_default().push(message);
        }
        let channel = self.channel().await?;
        let mut sendings = Vec::new();
        for (routing_key, messages) in &by_key {
            for batch in batches(messages) {
                sendings.push(self.publish_batch(&channel, routing_key, batch));
            }
        }
        self.confirmed(sendings).await?;
        self.put_back(channel);
        Ok(())
    }

    /// Publishes a body as it is, with what `properties` say of its content, and returns when it is confirmed.
    ///
    /// # Errors
    /// As with [`Self::publish`].
    pub(crate) async fn publish_body(
        &self,
        routing_key: &str,
        body: &[u8],
        properties: &BasicProperties,
    ) -> Result<(), Error> {
        // Whatever else they say, of users, headers and expiry, was meant for the message's first way.
        let mut kept = BasicProperties::default().with_delivery_mode(PERSISTENT);
        if let Some(content_type) = properties.content_type() {
            kept = kept.with_content_type(content_type.clone());
        }
        if let Some(message_id) = properties.message_id() {
            kept = kept.with_message_id(message_id.clone());
        }
        let channel = self.channel().await?;
        self.confirmed(vec![self.send(&channel, routing_key, body, kept)]).await?;
        self.put_back(channel);
        Ok(())
    }

    /// A channel for one batch; to be put back when that is confirmed.
    async fn channel(&self) -> Result<Channel, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(channel) = idle {
            return Ok(channel);
        }
        let open = async {
            let channel = self.session.create_channel().await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            Ok::<_, Error>(channel)
        };
        self.unless_blocked(within(CONFIRM_LIMIT, "opening a channel with confirms", open)).await
    }

    fn put_back(&self, channel: Channel) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(channel);
    }

    async fn confirmed(
        &self,
        sendings: Vec<impl Future<Output = Result<Confirmation, Error>>>,
    ) -> Result<(), Error> {
        let confirmations =
            self.unless_blocked(within(CONFIRM_LIMIT, "publishing", try_join_all(sendings))).await?;
        // Each is looked at by itself: waiting for "all confirms" would discard nacks. A returned message may
        // surface on another's confirm, so that any return fails the whole batch.
        for confirmation in confirmations {
            match confirmation {
                Confirmation::Ack(None) => {}
                Confirmation::Ack(Some(_)) if mutant!("returns-ignored") => {}
                other => return Err(Error::NotConfirmed(describe(other))),
            }
        }
        Ok(())
    }

    /// What the broker answers; or an error once it blocks, for the answer will not come before the alarm is over, and the
    /// caller's transaction must not wait for that.
    async fn unless_blocked<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::select! {
            biased;
            answer = answer => answer,
            () = self.session.until_blocked(true) => Err(Error::Blocked),
        }
    }

    /// Closes the connection.
    pub async fn close(self) {
        self.session.close().await;
    }

    /// Sends at its first poll, so that joined batches leave together, and completes with the confirm.
    async fn publish_batch(
        &self,
        channel: &Channel,
        routing_key: &str,
        batch: &[&Message],
    ) -> Result<Confirmation, Error> {
        let kind = batch[0].kind.as_str();
        let mut properties = BasicProperties::default()
            .with_content_type(CONTENT_TYPE.into())
            .with_delivery_mode(PERSISTENT)
            .with_message_id(Uuid::now_v7().to_string().into())
            .with_timestamp(Utc::now().timestamp().cast_unsigned());
        // A batch of several types has none of its own, nor has what is longer than AMQP's short strings.
        if batch.iter().all(|message| message.kind == kind)
            && let Ok(kind) = ShortString::try_new(kind)
        {
            properties = properties.with_type(kind);
        }
        let body = join_batch(batch.iter().map(|message| message.payload.as_str()));
        self.send(channel, routing_key, &body, properties).await
    }

    async fn send(
        &self,
        channel: &Channel,
        routing_key: &str,
        body: &[u8],
        properties: BasicProperties,
    ) -> Result<Confirmation, Error> {
        let is_announcement = self.announcements.iter().any(|key| key == routing_key);
        let options = BasicPublishOptions { mandatory: !is_announcement, ..Default::default() };
        let exchange = self.exchange.as_str().into();
        let routing_key = ShortString::try_new(routing_key)
            .map_err(|error| Error::NotConfirmed(format!("routing key {routing_key:?}: {error}")))?;
        let confirm = channel.basic_publish(exchange, routing_key, options, body, properties).await?;
        crash_point!("relay.sent");
        match confirm.await? {
            // Somebody who listens has no room. That is theirs to mend, and holds nobody else up.
            Confirmation::Nack(None) if is_announcement => Ok(Confirmation::Ack(None)),
            confirmation => Ok(confirmation),
        }
    }
}

/// Cuts what goes to one routing key into AMQP messages of [`MAX_BATCH`] events and [`FULL_BODY_BYTES`] at most;
/// an event that is larger goes alone.
fn batches<'a>(mut messages: &'a [&'a Message]) -> impl Iterator<Item = &'a [&'a Message]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |message: &&&Message| {
            bytes += message.payload.len();
            bytes <= FULL_BODY_BYTES
        };
        let len = messages.iter().take(MAX_BATCH).take_while(fits).count().max(1);
        let (batch, rest) = messages.split_at_checked(len)?;
        messages = rest;
        Some(batch)
    })
}

fn describe(confirmation: Confirmation) -> String {
    let verdict = match &confirmation {
        Confirmation::Ack(_) => "returned as unroutable",
        Confirmation::Nack(_) => "refused (nack)",
        Confirmation::NotRequested => "confirms are off",
    };
    match confirmation.take_message() {
        Some(returned) => format!(
            "{verdict}: {} {}, routing key {:?}",
            returned.reply_code,
            returned.reply_text,
            returned.delivery.routing_key.as_str()
        ),
        None => verdict.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(payload_bytes: &[usize]) -> Vec<usize> {
        let message = |bytes: &usize| Message {
            message_id: Uuid::nil(),
            kind: String::new(),
            routing_key: String::new(),
            payload: "x".repeat(*bytes),
        };
        let messages: Vec<Message> = payload_bytes.iter().map(message).collect();
        let messages: Vec<&Message> = messages.iter().collect();
        batches(&messages).map(<[_]>::len).collect()
    }

    #[test]
    fn batches_are_bounded_by_events_and_by_bytes() {
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&[1; MAX_BATCH]), [MAX_BATCH]);
        assert_eq!(sizes(&[1; MAX_BATCH + 1]), [MAX_BATCH, 1]);
        assert_eq!(sizes(&[FULL_BODY_BYTES / 2; 3]), [2, 1]);
        assert_eq!(sizes(&[1, FULL_BODY_BYTES + 1, FULL_BODY_BYTES, 1]), [1, 1, 1, 1]);
    }
}

//! Publishing with confirms: a batch is either confirmed whole or not at all.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Utc;
use futures_util::future::try_join_all;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Confirmation, PublisherConfirm};
use uuid::Uuid;

use crate::Error;
use crate::broker::{Broker, Session};
use crate::error::within;
use crate::event::{CONTENT_TYPE, MAX_BATCH, join_batch};
use crate::outbox::Message;

/// How long a batch may wait for its confirms before it is taken for unsent.
const CONFIRM_LIMIT: Duration = Duration::from_secs(5);
const PERSISTENT: u8 = 2;

/// A session of its own with publisher confirms on.
pub struct Publisher {
    session: Session,
    exchange: String,
}

impl Publisher {
    /// Opens a session and turns confirms on.
    pub async fn open(broker: &Broker) -> Result<Self, Error> {
        let session = broker.open("relay").await?;
        let confirms = session.channel.confirm_select(ConfirmSelectOptions::default());
        within(CONFIRM_LIMIT, "turning publisher confirms on", confirms).await?;
        Ok(Self { session, exchange: broker.exchange().to_owned() })
    }

    /// Fails if the connection is gone or blocked; costs nothing.
    pub fn check(&self) -> Result<(), Error> {
        self.session.check()
    }

    /// Publishes `messages`, up to [`MAX_BATCH`] events of one routing key to an AMQP message, and returns when
    /// the broker has confirmed every one.
    ///
    /// # Errors
    /// A nack, a return, an error or a timeout. Some may have been sent: send all of them again, on another
    /// publisher.
    pub async fn publish(&self, messages: &[Message]) -> Result<(), Error> {
        let mut by_key: BTreeMap<&str, Vec<&Message>> = BTreeMap::new();
        for message in messages {
            by_key.entry(&message.routing_key).or_default().push(message);
        }
        within(CONFIRM_LIMIT, "publishing", async {
            let mut confirms = Vec::new();
            for (routing_key, messages) in &by_key {
                for batch in messages.chunks(MAX_BATCH) {
                    confirms.push(self.publish_batch(routing_key, batch).await?);
                }
            }
            // Each is awaited by itself: waiting for "all confirms" would discard nacks. A returned message may
            // surface on another's confirm, so that any return fails them all.
            for confirmation in try_join_all(confirms).await? {
                match confirmation {
                    Confirmation::Ack(None) => {}
                    other => return Err(Error::NotConfirmed(describe(other))),
                }
            }
            Ok(())
        })
        .await
    }

    /// Closes the connection.
    pub async fn close(self) {
        self.session.close().await;
    }

    async fn publish_batch(&self, routing_key: &str, batch: &[&Message]) -> Result<PublisherConfirm, Error> {
        let kind = batch[0].kind.as_str();
        let mut properties = BasicProperties::default()
            .with_content_type(CONTENT_TYPE.into())
            .with_delivery_mode(PERSISTENT)
            .with_message_id(Uuid::now_v7().to_string().into())
            .with_timestamp(Utc::now().timestamp().cast_unsigned());
        // A batch of several types has none of its own.
        if batch.iter().all(|message| message.kind == kind) {
            properties = properties.with_type(kind.into());
        }
        let body = join_batch(batch.iter().map(|message| message.payload.as_str()));
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        let exchange = self.exchange.as_str().into();
        let confirm = self
            .session
            .channel
            .basic_publish(exchange, routing_key.into(), options, &body, properties)
            .await?;
        Ok(confirm)
    }
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

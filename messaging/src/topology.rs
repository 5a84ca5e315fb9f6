//! Exchange, queues and bindings, declared the same by everyone who uses them.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

use crate::Error;

/// Attempts after which the broker drops a message. Its own default since version 4, 20, would drop healthy
/// messages in a crash loop; here a message leaves only by an ack or by an explicit rejection.
const DELIVERY_LIMIT: i64 = 100_000;

/// A durable topic exchange and its queues.
#[derive(Debug, Clone)]
pub struct Topology {
    /// The exchange's name.
    pub exchange: String,
    /// A queue is a consumer group: its replicas compete for its messages.
    pub queues: Vec<Queue>,
    /// Routing keys that nobody needs to receive. Whatever has another one is not sent until a queue has it.
    pub announcements: Vec<String>,
}

/// A durable quorum queue with its dead-letter queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// The queue's name.
    pub name: String,
    /// What it receives; `*` stands for one word between dots and `#` for any number. None may match the name of
    /// a dead-letter queue.
    pub routing_keys: Vec<String>,
}

/// The name of `queue`'s dead-letter queue, which is also the routing key that leads there.
pub fn dead_letter_queue(queue: &str) -> String {
    format!("{queue}.dead")
}

impl Topology {
    /// Refuses a queue that would receive dead letters, its own perhaps, and refuse them again for ever.
    pub(crate) fn check(&self) -> Result<(), Error> {
        for pattern in self.queues.iter().flat_map(|queue| &queue.routing_keys) {
            for queue in &self.queues {
                let dead = dead_letter_queue(&queue.name);
                if matches(&words(pattern), &words(&dead)) {
                    let trap =
                        format!("routing key {pattern:?} would match the dead letters of {:?}", queue.name);
                    return Err(Error::Topology(trap));
                }
            }
        }
        Ok(())
    }

    /// Declares everything. Repeating it is harmless; two services may do it at once.
    pub(crate) async fn declare(&self, channel: &Channel) -> Result<(), Error> {
        let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
        channel
            .exchange_declare(
                self.exchange.as_str().into(),
                ExchangeKind::Topic,
                durable,
                FieldTable::default(),
            )
            .await?;
        for queue in &self.queues {
            // The dead-letter queue first: at-least-once dead-lettering needs a target that exists.
            let dead = dead_letter_queue(&queue.name);
            self.declare_queue(channel, &dead, None).await?;
            self.bind(channel, &dead, &dead).await?;
            self.declare_queue(channel, &queue.name, Some(&dead)).await?;
            for routing_key in &queue.routing_keys {
                self.bind(channel, &queue.name, routing_key).await?;
            }
        }
        Ok(())
    }

    async fn declare_queue(
        &self,
        channel: &Channel,
        name: &str,
        dead_letters_to: Option<&str>,
    ) -> Result<(), Error> {
        let mut arguments = FieldTable::default();
        let mut text = |key: &str, value: &str| {
            arguments.insert(key.into(), AMQPValue::LongString(value.into()));
        };
        // Classic queues confirm before they have synced to disk; quorum queues do not.
        text("x-queue-type", "quorum");
        text("x-overflow", "reject-publish");
        if let Some(routing_key) = dead_letters_to {
            text("x-dead-letter-strategy", "at-least-once");
            text("x-dead-letter-exchange", &self.exchange);
            text("x-dead-letter-routing-key", routing_key);
        }
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(DELIVERY_LIMIT));
        channel.queue_declare(name.into(), QueueDeclareOptions::durable(), arguments).await?;
        Ok(())
    }

    async fn bind(&self, channel: &Channel, queue: &str, routing_key: &str) -> Result<(), Error> {
        channel
            .queue_bind(
                queue.into(),
                self.exchange.as_str().into(),
                routing_key.into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await?;
        Ok(())
    }
}

fn words(key: &str) -> Vec<&str> {
    key.split('.').collect()
}

/// Whether a topic exchange sends `key` where it is bound with `pattern`.
fn matches(pattern: &[&str], key: &[&str]) -> bool {
    match (pattern, key) {
        ([], _) => key.is_empty(),
        (["#", rest @ ..], _) => matches(rest, key) || (!key.is_empty() && matches(pattern, &key[1..])),
        (_, []) => false,
        ([word, rest @ ..], [first, others @ ..]) => (*word == "*" || word == first) && matches(rest, others),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_that_would_receive_dead_letters_is_refused() {
        let refused = |routing_key: &str| {
            let queue = Queue { name: "shop.orders".to_owned(), routing_keys: vec![routing_key.to_owned()] };
            let (exchange, announcements) = ("events".to_owned(), Vec::new());
            Topology { exchange, queues: vec![queue], announcements }.check().is_err()
        };
        for trap in ["#", "shop.#", "*.*.*", "shop.orders.dead", "#.dead", "#.shop.orders.#.dead", "*.#"] {
            assert!(refused(trap), "{trap}");
        }
        for fine in ["*", "*.*", "shop.orders", "shop.orders.*.dead", "stock.#", "dead", ""] {
            assert!(!refused(fine), "{fine}");
        }
    }
}

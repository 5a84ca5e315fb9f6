"""Prints what happens in Gozon, an event a line."""

import json
import os

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic, BasicProperties

QUEUE = "examples.python"
ROUTING_KEYS = ["order-payment-requests", "order-payment-results", "order-deliveries"]

# Events may come twice. Whoever does more than print keeps their ids where the effects are, in the same transaction.
seen: set[str] = set()


def handle(channel: BlockingChannel, delivery: Basic.Deliver, _properties: BasicProperties, body: bytes) -> None:
    for event in json.loads(body):  # A message is a batch of CloudEvents.
        if event["id"] not in seen:
            seen.add(event["id"])
            print(event["type"], json.dumps(event["data"], ensure_ascii=False), flush=True)
    channel.basic_ack(delivery.delivery_tag)  # Not before it is done: what is not acknowledged comes again.


channel = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"])).channel()
# It gathers events while this program is away, and is deleted when nobody has come for an hour.
channel.queue_declare(QUEUE, durable=True, arguments={"x-expires": 3_600_000})
for routing_key in ROUTING_KEYS:
    channel.queue_bind(QUEUE, "gozon.events", routing_key)
channel.basic_qos(prefetch_count=10)
channel.basic_consume(QUEUE, handle)
print("ready", flush=True)
channel.start_consuming()

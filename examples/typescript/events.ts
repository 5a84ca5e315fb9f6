/** Prints what happens in Gozon, an event a line. */
import { connect } from "amqplib";

const QUEUE = "examples.typescript";
const ROUTING_KEYS = ["order-payment-requests", "order-payment-results", "order-deliveries"];

interface CloudEvent {
  id: string;
  type: string;
  data: object;
}

// Events may come twice. Whoever does more than print keeps their ids where the effects are, in the same transaction.
const seen = new Set<string>();

const url = process.env.AMQP_URL;
if (!url) throw new Error("AMQP_URL must say where the broker is");
const connection = await connect(url);
const channel = await connection.createChannel();
// It gathers events while this program is away, and is deleted when nobody has come for an hour.
await channel.assertQueue(QUEUE, { durable: true, expires: 3_600_000 });
for (const routingKey of ROUTING_KEYS) await channel.bindQueue(QUEUE, "gozon.events", routingKey);
await channel.prefetch(10);
await channel.consume(QUEUE, (message) => {
  if (!message) throw new Error(`the queue ${QUEUE} was deleted`);
  // A message is a batch of CloudEvents.
  for (const event of JSON.parse(message.content.toString()) as CloudEvent[]) {
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    console.log(event.type, JSON.stringify(event.data));
  }
  // Not before it is done: what is not acknowledged comes again.
  channel.ack(message);
});
console.log("ready");

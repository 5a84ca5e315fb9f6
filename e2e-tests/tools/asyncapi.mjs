// Checks asyncapi.yaml: that it is valid, and that it says what `contracts` says. Needs @asyncapi/parser.
//
//     node e2e-tests/tools/asyncapi.mjs

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Parser } from "@asyncapi/parser";

const root = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");

const ERROR = 0;
const problems = [];

/** Notes what only one side has. */
function compare(what, found, expected) {
  const [here, there] = [new Set(found), new Set(expected)];
  for (const one of here) if (!there.has(one)) problems.push(`${what}: ${one} is in asyncapi.yaml alone`);
  for (const one of there) if (!here.has(one)) problems.push(`${what}: ${one} is missing in asyncapi.yaml`);
}

const text = read("asyncapi.yaml");
const source = fileURLToPath(new URL("asyncapi.yaml", root));
const { document, diagnostics } = await new Parser().parse(text, { source });
for (const { severity, path, message } of diagnostics) {
  const line = `${path.join(".")}: ${message}`;
  if (severity === ERROR) problems.push(line);
  else console.warn(`note: ${line}`);
}

if (document) {
  const released = JSON.parse(read("contracts/schemas/index.json")).subjects.map(({ subject }) => subject);
  const referred = [...text.matchAll(/contracts\/schemas\/(\w+)\//g)].map(([, subject]) => subject);
  compare("schemas", referred, released);

  // The names and the ways of the events, as the Rust code has them.
  const constants = Object.fromEntries(
    [...read("contracts/src/lib.rs").matchAll(/^pub const (\w+): &str = "(.+)";$/gm)].map((match) => match.slice(1)),
  );
  const ways = [...read("contracts/src/events.rs").matchAll(/^ {4}(\w+) from \w+ to (\w+);$/gm)];

  const named = (suffix) => Object.entries(constants).flatMap(([name, value]) => (name.endsWith(suffix) ? value : []));
  const queues = named("_QUEUE").flatMap((queue) => [queue, `${queue}.dead`]);
  const channels = document.channels().all();
  compare(
    "addresses",
    channels.map((channel) => channel.address()),
    [...named("_KEY"), ...queues],
  );

  const keyed = channels.filter((channel) => !queues.includes(channel.address()));
  const typesOf = (message) =>
    message
      .payload()
      .json()
      .items.oneOf.map(({ properties }) => properties.type.const);
  const found = keyed.flatMap((channel) =>
    channel
      .messages()
      .all()
      .flatMap(typesOf)
      .map((type) => `${type} to ${channel.address()}`),
  );
  compare(
    "ways",
    found,
    ways.map(([, type, key]) => `${type} to ${constants[key]}`),
  );

  const bindings = channels.map((channel) => channel.bindings().get("amqp").value());
  compare(
    "queues",
    bindings.flatMap(({ queue }) => queue?.name ?? []),
    queues,
  );
  compare(
    "exchanges",
    bindings.flatMap(({ exchange }) => exchange?.name ?? []),
    named("EXCHANGE"),
  );
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log("asyncapi.yaml is valid, and agrees with contracts");

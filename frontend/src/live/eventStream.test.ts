/** Against a real server that speaks server-sent events, with a client that follows the browsers' specification. */

import { EventSource } from "eventsource";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { delayMs, openEventStream, type EventStream, type LiveMessage, type StreamState } from "./eventStream.ts";

let server: Server;
let address: string;
let connections: { request: IncomingMessage; response: ServerResponse }[];
let stream: EventStream | undefined;
let answer: (response: ServerResponse) => void;

const states: StreamState[] = [];
const messages: LiveMessage[] = [];

beforeEach(async () => {
  vi.stubGlobal("EventSource", EventSource);
  vi.spyOn(Math, "random").mockReturnValue(0);
  connections = [];
  states.length = 0;
  messages.length = 0;
  answer = greet;
  server = createServer((request, response) => {
    connections.push({ request, response });
    answer(response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders/events/x`;
});

afterEach(async () => {
  stream?.pause();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

function greet(response: ServerResponse) {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  send(response, "1f-0", "reset", { reason: "connected" });
}

function send(response: ServerResponse, id: string, event: string, data: unknown) {
  response.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

function open() {
  stream = openEventStream(address, {
    onMessage: (message) => messages.push(message),
    onState: (state) => states.push(state),
  });
}

const until = (condition: () => void) => vi.waitFor(condition, { timeout: 10_000 });

function latest() {
  const connection = connections.at(-1);
  if (!connection) throw new Error("nobody has connected");
  return connection;
}

it("is live once the server has said where it stands, and hands on what it tells", async () => {
  open();
  expect(states).toEqual(["connecting"]);
  await until(() => expect(states).toEqual(["connecting", "live"]));
  send(latest().response, "1f-1", "order", { id: "x" });
  await until(() => expect(messages.at(-1)).toEqual({ event: "order", data: { id: "x" } }));
  expect(latest().request.url).toBe("/orders/events/x");
});

it("comes back after the connection broke, and says what it saw last", async () => {
  open();
  await until(() => expect(states).toContain("live"));
  send(latest().response, "1f-7", "order", {});
  await until(() => expect(messages).toHaveLength(2));
  latest().response.destroy();
  await until(() => expect(states).toEqual(["connecting", "live", "reconnecting", "live"]));
  expect(latest().request.url).toBe("/orders/events/x?last_event_id=1f-7");
});

it("goes on trying where an EventSource gives up: at a gateway's 502", async () => {
  answer = (response) => response.writeHead(502).end();
  open();
  await until(() => expect(connections.length).toBeGreaterThan(1));
  answer = greet;
  stream?.reconnect();
  await until(() => expect(states.at(-1)).toBe("live"));
});

it("connects at once when asked to, and holds no connection when paused", async () => {
  open();
  await until(() => expect(states).toContain("live"));
  const [first] = connections;
  const closed = new Promise((resolve) => first?.request.on("close", resolve));
  stream?.pause();
  await closed;
  expect(connections).toHaveLength(1);
  stream?.reconnect();
  await until(() => expect(connections).toHaveLength(2));
  await until(() => expect(states.at(-1)).toBe("live"));
});

it("waits longer after each failure, up to a limit, and never as long as everyone else", () => {
  expect([0, 1, 2, 3, 9].map((failures) => delayMs(failures, 0))).toEqual([1_000, 2_000, 4_000, 8_000, 10_000]);
  expect(delayMs(0, 0.5)).toBe(1_500);
});

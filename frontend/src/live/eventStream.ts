/**
 * One stream of server-sent events that is kept open: whatever ends it, it is opened again.
 *
 * A browser's EventSource does that by itself only as long as every answer is a 200; the first 502 of a gateway whose
 * service restarts would end it for good. So each connection lives once, and the next one is made here: after a delay
 * that grows and is spread by chance, so that a thousand pages do not return in the same instant, and with the id of
 * the last message, so that the server can tell what was missed.
 */

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 10_000;

/** Those of openapi.yaml's `LiveMessage`. */
const EVENTS = ["reset", "resumed", "order", "account", "close"] as const;

export interface LiveMessage {
  event: (typeof EVENTS)[number];
  data: unknown;
}

export type StreamState = "connecting" | "live" | "reconnecting";

interface Listeners {
  onMessage: (message: LiveMessage) => void;
  onState: (state: StreamState) => void;
}

export interface EventStream {
  /** Connects anew without waiting: what is there is gone or in doubt. */
  reconnect: () => void;
  /** Holds no connection until `reconnect`. */
  pause: () => void;
}

export function openEventStream(address: string, { onMessage, onState }: Listeners): EventStream {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastEventId = "";
  let failures = 0;

  const disconnect = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };
  const connect = () => {
    disconnect();
    const opened = (source = new EventSource(withLastEventId(address, lastEventId)));
    for (const event of EVENTS) {
      opened.addEventListener(event, (message: MessageEvent<string>) => {
        if (message.lastEventId !== "") lastEventId = message.lastEventId;
        // Its first message says where the server stands: only then is the stream worth its name.
        if (event === "reset" || event === "resumed") {
          failures = 0;
          onState("live");
        }
        onMessage({ event, data: JSON.parse(message.data) });
      });
    }
    opened.addEventListener("error", () => {
      disconnect();
      onState("reconnecting");
      timer = setTimeout(connect, delayMs(failures++));
    });
  };

  onState("connecting");
  connect();
  return {
    reconnect: () => {
      failures = 0;
      onState("reconnecting");
      connect();
    },
    pause: disconnect,
  };
}

/** 1 to 2 s after the first failure, twice as much after each further one, 10 s at most. */
export function delayMs(failures: number, chance: number = Math.random()): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures * (1 + chance));
}

function withLastEventId(address: string, lastEventId: string): string {
  return lastEventId === "" ? address : `${address}?last_event_id=${encodeURIComponent(lastEventId)}`;
}

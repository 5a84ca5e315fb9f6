import { useCallback, useEffect, useRef, useState } from "react";
import { apiBase } from "../config.ts";
import { openEventStream, type EventStream, type LiveMessage, type StreamState } from "./eventStream.ts";

export interface Connection {
  state: StreamState;
  /** Tries at once instead of at the next turn. */
  reconnect: () => void;
}

/** What to do with the messages of each stream that is to be kept open. */
export type Handlers = Partial<Record<"orders" | "payments", (message: LiveMessage) => void>>;

/**
 * Keeps a user's streams open while the page is looked at. `handlers` is to be stable.
 *
 * A page that nobody sees holds no connection: a browser opens only six to one host, which three pages would use up,
 * and the fourth could not even fetch. When it is seen again it is told what it missed.
 */
export function useLiveStreams(userId: string | null, handlers: Handlers): Connection {
  const [states, setStates] = useState<Record<string, StreamState>>({});
  const streams = useRef<EventStream[]>([]);

  useEffect(() => {
    if (userId === null) return;
    const opened = Object.entries(handlers).map(([service, onMessage]) =>
      openEventStream(`${apiBase()}/${service}/events/${userId}`, {
        onMessage,
        onState: (state) => setStates((before) => ({ ...before, [service]: state })),
      }),
    );
    streams.current = opened;

    const reconnect = () => opened.forEach((stream) => stream.reconnect());
    const pause = () => opened.forEach((stream) => stream.pause());
    const onVisibility = () => {
      if (document.visibilityState === "visible") reconnect();
      else pause();
    };
    if (document.visibilityState === "hidden") pause();
    document.addEventListener("visibilitychange", onVisibility);
    // In both directions: a connection made over the network that was there before may be dead and not know it.
    window.addEventListener("online", onVisibility);
    window.addEventListener("offline", onVisibility);
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      window.removeEventListener("online", onVisibility);
      window.removeEventListener("offline", onVisibility);
      pause();
      streams.current = [];
      setStates({});
    };
  }, [userId, handlers]);

  const reconnect = useCallback(() => streams.current.forEach((stream) => stream.reconnect()), []);
  return { state: worst(Object.values(states)), reconnect };
}

/** One of two streams is not enough to call the page live. */
function worst(states: StreamState[]): StreamState {
  if (states.includes("reconnecting")) return "reconnecting";
  return states.length > 0 && states.every((state) => state === "live") ? "live" : "connecting";
}

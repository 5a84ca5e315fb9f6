import { notifyManager, QueryClient, type QueryKey } from "@tanstack/react-query";
import type { ApiError } from "../api/error.ts";

declare module "@tanstack/react-query" {
  interface Register {
    defaultError: ApiError;
  }
}

/** What could not be had is asked for again this often, until it can. */
const ASK_AGAIN_MS = 5_000;

/** Asked again quietly this often before the user is told. */
const QUIET_RETRIES = 2;

/**
 * What has changed is rendered at once, but only once in a frame, however many changes come: a delivery moves all paid
 * orders at the same time. Pages that nobody sees have no frames.
 */
let isFrameBegun = false;
notifyManager.setScheduler((render) => {
  if (document.hidden) setTimeout(render);
  else if (isFrameBegun) requestAnimationFrame(render);
  else {
    isFrameBegun = true;
    requestAnimationFrame(() => (isFrameBegun = false));
    queueMicrotask(render);
  }
});

/**
 * What is known stays fresh until a change is told (see `live/`): nothing here asks again because time has passed.
 */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // A machine that is "offline" still reaches a Gozon that runs on itself.
        networkMode: "always",
        staleTime: Infinity,
        refetchOnWindowFocus: false,
        // But for what the last reset asked for in vain: there may be no further one.
        refetchInterval: ({ state: { error } }) => error !== null && !error.isDefinite && ASK_AGAIN_MS,
        retry: (failures, error) => failures < QUIET_RETRIES && !error.isDefinite,
        retryDelay: (failures) => 500 * 2 ** failures,
      },
      mutations: { networkMode: "always" },
    },
  });
}

/**
 * Asks anew, and does not wait for an answer that is on its way: it may be older than what made us ask. (A query that has
 * no data yet would be content with that one.)
 */
export async function askAnew(client: QueryClient, queryKey: QueryKey): Promise<void> {
  await client.cancelQueries({ queryKey });
  await client.invalidateQueries({ queryKey });
}

import { notifyManager, QueryClient } from "@tanstack/react-query";
import type { ApiError } from "../api/error.ts";

declare module "@tanstack/react-query" {
  interface Register {
    defaultError: ApiError;
  }
}

/** Asked again quietly this often before the user is told. */
const QUIET_RETRIES = 2;

/** A change that has been told is on the screen in the same task, not in a timer's. */
notifyManager.setScheduler(queueMicrotask);

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
        retry: (failures, error) => failures < QUIET_RETRIES && !error.isDefinite,
        retryDelay: (failures) => 500 * 2 ** failures,
      },
      mutations: { networkMode: "always" },
    },
  });
}

/** Orders that are on their way to the API: shown at once, before they have an id. */

import { useMutationState, type QueryClient } from "@tanstack/react-query";
import type { NewOrder } from "../api/gozon.ts";

/** The key of the mutation that places a user's orders. */
export const placing = (userId: string) => ["placing", userId] as const;

export function usePlacing(userId: string): NewOrder[] {
  return useMutationState({
    filters: { mutationKey: placing(userId), status: "pending" },
    select: ({ state }) => state.variables as NewOrder,
  });
}

export function isPlacing(client: QueryClient, userId: string): boolean {
  return client.isMutating({ mutationKey: placing(userId) }) > 0;
}

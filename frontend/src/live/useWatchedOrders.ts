import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { createChanges } from "./changes.ts";
import { useLiveStreams, type Connection } from "./useLiveStreams.ts";

/** Follows the orders of a user other than the one who is shopping, for as long as one of them is looked at. */
export function useWatchedOrders(userId: string | null): Connection {
  const client = useQueryClient();
  const handlers = useMemo(() => ({ orders: createChanges(client, () => undefined).ofOrders }), [client]);
  return useLiveStreams(userId, handlers);
}

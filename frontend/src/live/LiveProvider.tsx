import { useQueryClient } from "@tanstack/react-query";
import { useMemo, type ReactElement, type ReactNode } from "react";
import { tellOfOrder } from "../ui/toasts.ts";
import { createChanges } from "./changes.ts";
import { LiveContext } from "./context.ts";
import { useLiveStreams } from "./useLiveStreams.ts";

/** Keeps what the page shows of a user up to date, and tells of each step that an order takes. */
export function LiveProvider({ userId, children }: { userId: string | null; children: ReactNode }): ReactElement {
  const client = useQueryClient();
  const changes = useMemo(() => createChanges(client, tellOfOrder), [client]);
  const handlers = useMemo(() => ({ orders: changes.ofOrders, payments: changes.ofAccount }), [changes]);
  const connection = useLiveStreams(userId, handlers);
  const live = useMemo(() => ({ connection, changes }), [connection, changes]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

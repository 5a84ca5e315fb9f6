/** Brings what a stream tells into what the page shows. */

import type { QueryClient } from "@tanstack/react-query";
import type { AccountChange, Order, OrderChange } from "../api/gozon.ts";
import { accountKeys, applyAccountChange } from "../data/account.ts";
import { askAnew } from "../data/client.ts";
import { applyChange, firstOrders, isInLoadedList, orderOptions, ordersKeys, putOrder } from "../data/orders.ts";
import { isPlacing } from "../data/placing.ts";
import { rankOfChange } from "../data/standing.ts";
import type { LiveMessage } from "./eventStream.ts";

/** So many orders that the page does not show are asked for at once, to tell of them. When more are shipped nobody reads. */
const MOST_OFF_PAGE = 5;

export type OnOrder = (order: Order) => void;

export interface Changes {
  ofOrders: (message: LiveMessage) => void;
  ofAccount: (message: LiveMessage) => void;
  /** An order has been placed from here: it is known from now on. */
  placed: (order: Order) => void;
  /** A placing has ended, whatever its outcome. */
  placingEnded: () => void;
}

/** `onOrder` hears of each order that a change has brought further. */
export function createChanges(client: QueryClient, onOrder: OnOrder): Changes {
  /** The latest changes of orders that the page does not know yet. */
  const held = new Map<string, OrderChange>();

  /** Asks for an order that nothing is known of, then brings it to where the changes meanwhile have it. */
  const adopt = async (orderId: string, userId: string) => {
    try {
      const order = await client.query({ ...orderOptions(orderId), staleTime: 0 });
      putOrder(client, order);
      const change = held.get(orderId);
      const advanced = change && applyChange(client, change);
      onOrder(advanced ?? order);
    } catch {
      // Not to be had now: the list has it when it can.
      void client.invalidateQueries({ queryKey: ordersKeys.ofUser(userId) });
    } finally {
      held.delete(orderId);
    }
  };

  const take = (change: OrderChange) => {
    // The answer that is on its way may be older than the change, or lack the order.
    const isFirst = firstOrders(client, change.user_id);
    if (isFirst) void isFirst.then(() => take(change)).catch(() => undefined);
    const advanced = applyChange(client, change);
    if (advanced) onOrder(advanced);
    if (advanced !== undefined) return;

    const before = held.get(change.id);
    // A change may overtake the answer to the request that placed the order: that answer is waited for.
    const mayBePlaced = isPlacing(client, change.user_id);
    if (!before && change.description !== undefined && !mayBePlaced) {
      const order = placedElsewhere(change, change.description);
      putOrder(client, order);
      onOrder(order);
      return;
    }
    const isOffPage = !isInLoadedList(client, change.user_id, change.id);
    if (!before && !mayBePlaced && isOffPage && held.size >= MOST_OFF_PAGE) return;
    if (!before || rankOfChange(before) < rankOfChange(change)) held.set(change.id, change);
    if (!before && !mayBePlaced) void adopt(change.id, change.user_id);
  };

  const askAgain = (keys: readonly (readonly string[])[]) => {
    for (const queryKey of keys) void askAnew(client, queryKey);
  };

  return {
    ofOrders: ({ event, data }) => {
      if (event === "reset") askAgain(ordersKeys.all);
      if (event === "order") take(data as OrderChange);
    },
    ofAccount: ({ event, data }) => {
      if (event === "reset") askAgain(accountKeys.all);
      if (event === "account") applyAccountChange(client, data as AccountChange);
    },
    placed: (order) => {
      putOrder(client, order);
      const change = held.get(order.id);
      held.delete(order.id);
      if (change) take(change);
    },
    placingEnded: () => {
      for (const { id, user_id } of held.values()) void adopt(id, user_id);
    },
  };
}

/** The new order that a change tells of. */
function placedElsewhere({ at, cancel_requested, ...change }: OrderChange, description: string): Order {
  return { ...change, description, cancel_requested_at: cancel_requested ? at : null, created_at: at, updated_at: at };
}

/**
 * What the page knows about the user: their account, their orders, and how fresh that is.
 *
 * It asks again and again, fast while an order waits for its payment and slowly otherwise. Everything a component
 * reads comes from here, so that when the news is pushed instead of fetched, only this file changes.
 */

import {
  QueryClient,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
  type DefinedUseQueryResult,
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { getAccount, getBalance, getOrder, getOrders, type Account, type Order, type OrderPage } from "./api/gozon.ts";
import { ApiError } from "./api/http.ts";

declare module "@tanstack/react-query" {
  interface Register {
    defaultError: ApiError;
  }
}

/** While an order is NEW: a payment takes a fraction of a second, and someone is watching. */
const FAST_MS = 700;
/** Otherwise: other devices top up and order too, and parcels move. */
const SLOW_MS = 5_000;
/** Asked again quietly this often before the user is told; a poll comes by again anyway. */
const QUIET_RETRIES = 1;

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // A machine that is "offline" still reaches a Gozon that runs on itself.
        networkMode: "always",
        staleTime: 1_000,
        retry: (failures, error) => failures < QUIET_RETRIES && !error.isDefinite,
        retryDelay: 500,
      },
      mutations: { networkMode: "always" },
    },
  });
}

const accountKey = (userId: string) => ["account", userId] as const;
const balanceKey = (billId: string) => ["balance", billId] as const;
const ordersKey = (userId: string) => ["orders", userId] as const;
const orderKey = (orderId: string) => ["order", orderId] as const;

/** The user's account; `null` when there is none yet. */
export function useAccount(userId: string): UseQueryResult<Account | null> {
  return useQuery({ queryKey: accountKey(userId), queryFn: ({ signal }) => getAccount(userId, signal) });
}

/** The account with its balance of now. */
export function useBalance(account: Account): DefinedUseQueryResult<Account> {
  return useQuery({
    queryKey: balanceKey(account.bill_id),
    queryFn: ({ signal }) => getBalance(account.bill_id, signal),
    initialData: account,
    initialDataUpdatedAt: 0, // shown at once, and asked for at once
    refetchInterval: SLOW_MS,
  });
}

export type OrdersQuery = UseInfiniteQueryResult<Order[]>;

/** The user's orders as far as they are loaded, newest first. A refresh asks for every loaded page again. */
export function useOrders(userId: string): OrdersQuery {
  return useInfiniteQuery({
    queryKey: ordersKey(userId),
    queryFn: ({ pageParam, signal }) => getOrders(userId, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: OrderPage) => last.next,
    select: ({ pages }) => pages.flatMap(({ orders }) => orders),
    refetchInterval: ({ state: { data, status } }) => {
      const isWaiting = data?.pages.some(({ orders }) => orders.some(isNew)) === true && status !== "error";
      // The more pages are open, the rarer each refresh, so that the load on the API stays the same.
      return (isWaiting ? FAST_MS : SLOW_MS) * Math.max(1, data?.pages.length ?? 0);
    },
  });
}

export interface OrderQuery {
  order: Order | undefined;
  error: ApiError | null;
  refetch: () => unknown;
}

/**
 * One order, whole. `listed` is the same order as the list has it, if it does: shown at once, and kept up by the
 * list's own refreshing, which leaves little to ask for here.
 */
export function useOrder(orderId: string, listed: Order | undefined): OrderQuery {
  const { data, error, refetch } = useQuery({
    queryKey: orderKey(orderId),
    queryFn: ({ signal }) => getOrder(orderId, signal),
    refetchInterval: ({ state: { data, error } }) => {
      if (error?.isDefinite) return false; // there is no such order
      return listed === undefined && error === null && data && isNew(data) ? FAST_MS : SLOW_MS;
    },
    ...(listed && { initialData: listed, initialDataUpdatedAt: 0 }),
  });
  return { order: data && listed ? fresher(listed, data) : data, error, refetch };
}

/** What a submission has brought about. */
export interface Updates {
  accountOpened: (account: Account) => Promise<void>;
  balanceChanged: (account: Account) => Promise<void>;
  orderCreated: (order: Order) => Promise<void>;
}

/**
 * Puts an answer where the components see it at once. A refresh that was under way is dropped first: it may carry
 * what was true before the answer.
 */
export function useUpdates(): Updates {
  const client = useQueryClient();
  const replace = async (queryKey: readonly unknown[], account: Account) => {
    await client.cancelQueries({ queryKey });
    client.setQueryData(queryKey, account);
  };
  return {
    accountOpened: (account) => replace(accountKey(account.user_id), account),
    balanceChanged: (account) => replace(balanceKey(account.bill_id), account),
    orderCreated: async (order) => {
      const queryKey = ordersKey(order.user_id);
      await client.cancelQueries({ queryKey });
      client.setQueryData<InfiniteData<OrderPage>>(queryKey, (data) => data && prepend(order, data));
      void client.invalidateQueries({ queryKey });
    },
  };
}

/**
 * Calls `onSettled` with the orders that were NEW and are now final, and refreshes the balance they changed. The
 * function returned adds an order to watch for, should it be final before it was ever listed. `onSettled` is to be stable.
 */
export function useSettledOrders(
  orders: Order[] | undefined,
  onSettled: (orders: Order[]) => void,
): (orderId: string) => void {
  const client = useQueryClient();
  const waiting = useRef(new Set<string>());
  useEffect(() => {
    if (!orders) return;
    orders.filter(isNew).forEach(({ id }) => waiting.current.add(id));
    const settled = orders.filter((order) => !isNew(order) && waiting.current.delete(order.id));
    if (settled.length === 0) return;
    void client.invalidateQueries({ queryKey: ["balance"] });
    onSettled(settled);
  }, [orders, client, onSettled]);
  return (orderId) => waiting.current.add(orderId);
}

function isNew(order: Order): boolean {
  return order.status === "NEW";
}

/** Two sightings of one order may arrive in either order; an order that is final never becomes NEW again. */
function fresher(a: Order, b: Order): Order {
  if (isNew(a) !== isNew(b)) return isNew(a) ? b : a;
  return Date.parse(a.updated_at) > Date.parse(b.updated_at) ? a : b;
}

function prepend(order: Order, data: InfiniteData<OrderPage>): InfiniteData<OrderPage> {
  const [first, ...rest] = data.pages;
  if (!first || first.orders.some(({ id }) => id === order.id)) return data;
  return { ...data, pages: [{ ...first, orders: [order, ...first.orders] }, ...rest] };
}

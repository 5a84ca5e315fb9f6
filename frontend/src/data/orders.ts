/** The user's orders, and single ones, as the page knows them. */

import {
  infiniteQueryOptions,
  queryOptions,
  replaceEqualDeep,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
  type InfiniteData,
  type QueryClient,
} from "@tanstack/react-query";
import { useMemo } from "react";
import { getOrder, getOrders, getTimeline, type Order, type OrderChange, type Page } from "../api/gozon.ts";
import { advance, ahead } from "./standing.ts";

type Pages = InfiniteData<Page<Order>>;

export const ordersKeys = {
  ofUser: (userId: string) => ["orders", userId] as const,
  one: (orderId: string) => ["order", orderId] as const,
  timeline: (orderId: string) => ["timeline", orderId] as const,
  /** What to ask for again when nothing is known of what has changed. */
  all: [["orders"], ["order"], ["timeline"]] as const,
};

/** A first page that new orders have made longer is asked for anew, so that a page left open does not grow for ever. */
const LONGEST_PAGE = 60;

const ordersOptions = (userId: string) =>
  infiniteQueryOptions({
    queryKey: ordersKeys.ofUser(userId),
    queryFn: ({ pageParam, signal }) => getOrders(userId, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    structuralSharing: (shown, fetched) => mergePages(shown as Pages | undefined, fetched as Pages),
  });

export const orderOptions = (orderId: string) =>
  queryOptions({
    queryKey: ordersKeys.one(orderId),
    queryFn: async ({ client, signal }) => {
      const fetched = await getOrder(orderId, signal);
      return ahead(listed(client, orderId), fetched);
    },
    structuralSharing: (shown, fetched) => replaceEqualDeep(shown, ahead(shown as Order | undefined, fetched as Order)),
  });

/** The user's orders as far as they are loaded, newest first. */
export function useOrders(userId: string) {
  const query = useInfiniteQuery(ordersOptions(userId));
  const orders = useMemo(() => query.data?.pages.flatMap(({ items }) => items), [query.data]);
  return { ...query, orders };
}

/** One order. It is shown at once if the user's list has it, and asked for all the same. */
export function useOrder(orderId: string) {
  const client = useQueryClient();
  return useQuery({
    ...orderOptions(orderId),
    placeholderData: () => listed(client, orderId),
  });
}

export function useTimeline(orderId: string) {
  return useQuery({
    queryKey: ordersKeys.timeline(orderId),
    queryFn: ({ signal }) => getTimeline(orderId, signal),
  });
}

/** Puts an order that is known whole wherever the page shows it. */
export function putOrder(client: QueryClient, order: Order): void {
  client.setQueryData(orderOptions(order.id).queryKey, (shown) => ahead(shown, order));
  const { queryKey } = ordersOptions(order.user_id);
  const list = client.setQueryData(queryKey, (shown) => shown && insert(order, shown));
  const newest = list?.pages[0]?.items.length ?? 0;
  if (newest > LONGEST_PAGE) void client.invalidateQueries({ queryKey }, { cancelRefetch: false });
}

/** How the order stands after a change; `undefined` if the page does not know it, `null` if it was as far already. */
export function applyChange(client: QueryClient, change: OrderChange): Order | null | undefined {
  let found: Order | null | undefined;
  const apply = (order: Order) => {
    const advanced = advance(order, change);
    if (advanced !== order) found = advanced;
    else found ??= null;
    return advanced;
  };
  const list = ordersOptions(change.user_id).queryKey;
  client.setQueryData(list, (shown) => shown && map(shown, change.id, apply));
  const order = client.setQueryData(orderOptions(change.id).queryKey, (shown) => shown && apply(shown));
  // It may have become known while the list was not there.
  if (order) client.setQueryData(list, (shown) => shown && insert(order, shown));
  if (found) void client.invalidateQueries({ queryKey: ordersKeys.timeline(change.id) });
  return found;
}

/** The first answer with the user's orders, if it is on its way. */
export function firstOrders(client: QueryClient, userId: string): Promise<unknown> | undefined {
  const query = client.getQueryCache().find({ queryKey: ordersKeys.ofUser(userId) });
  return query?.state.data === undefined && query?.state.fetchStatus === "fetching" ? query.promise : undefined;
}

/** What was fetched, but no order moved back, and none lost that became known while the answer was on its way. */
export function mergePages(shown: Pages | undefined, fetched: Pages): Pages {
  if (!shown) return fetched;
  const known = new Map(itemsOf(shown).map((order) => [order.id, order]));
  const pages = fetched.pages.map((page) => ({
    ...page,
    items: page.items.map((order) => ahead(known.get(order.id), order)),
  }));
  // An order that was committed a little later may have a smaller id than one that the answer has.
  const answered = new Set(itemsOf(fetched).map(({ id }) => id));
  const missing = [...known.values()].filter(({ id }) => !answered.has(id));
  const merged = missing.reduce((merged, order) => insert(order, merged), { ...fetched, pages });
  return replaceEqualDeep(shown, merged);
}

/** The list with an order in its place; without it if it belongs to a page that is not loaded. */
function insert(order: Order, shown: Pages): Pages {
  if (itemsOf(shown).some(({ id }) => id === order.id)) {
    return map(shown, order.id, (known) => ahead(known, order));
  }
  const index = pageOf(order.id, shown);
  const pages = shown.pages.map((page, at) => {
    if (at !== index) return page;
    const items = [...page.items, order].sort((a, b) => (a.id < b.id ? 1 : -1));
    return { ...page, items };
  });
  return { ...shown, pages };
}

/** Whether the order has its place in the list as far as that is loaded. */
export function isInLoadedList(client: QueryClient, userId: string, orderId: string): boolean {
  const shown = client.getQueryData(ordersOptions(userId).queryKey);
  return shown !== undefined && pageOf(orderId, shown) !== -1;
}

/** The index of the page that an order belongs to; -1 if that is not loaded. */
function pageOf(orderId: string, shown: Pages): number {
  return shown.pages.findIndex(({ items, next }) => next === null || items.some(({ id }) => id < orderId));
}

/** The order as a list has it. */
function listed(client: QueryClient, orderId: string): Order | undefined {
  const lists = client.getQueriesData<Pages>({ queryKey: ["orders"] });
  return lists.flatMap(([, list]) => (list ? itemsOf(list) : [])).find(({ id }) => id === orderId);
}

function map(shown: Pages, orderId: string, change: (order: Order) => Order): Pages {
  if (!itemsOf(shown).some(({ id }) => id === orderId)) return shown;
  const pages = shown.pages.map((page) => ({
    ...page,
    items: page.items.map((order) => (order.id === orderId ? change(order) : order)),
  }));
  return { ...shown, pages };
}

function itemsOf({ pages }: Pages): Order[] {
  return pages.flatMap(({ items }) => items);
}

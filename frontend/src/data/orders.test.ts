// @vitest-environment jsdom
import { expect, it, vi } from "vitest";
import type { Order } from "../api/gozon.ts";
import { order, orderId, paid, shipped, USER } from "../testing/samples.ts";
import { createQueryClient } from "./client.ts";
import { mergePages, ordersKeys, putOrder } from "./orders.ts";

const pages = (...lists: Order[][]) => ({
  pages: lists.map((items, index) => ({ items, next: index < lists.length - 1 ? "more" : null })),
  pageParams: lists.map((_, index) => (index === 0 ? null : "more")),
});
const itemsOf = (merged: ReturnType<typeof mergePages>) => merged.pages.flatMap(({ items }) => items);

it("an answer moves no order back and brings the others forward", () => {
  const shown = pages([order(2, shipped), order(1)]);
  const fetched = pages([order(2, paid), order(1, paid)]);
  expect(itemsOf(mergePages(shown, fetched))).toEqual([order(2, shipped), order(1, paid)]);
});

it("an order that was placed while the answer was on its way stays", () => {
  const shown = pages([order(3), order(2), order(1)]);
  const fetched = pages([order(2)], [order(1)]);
  const merged = mergePages(shown, fetched);
  expect(itemsOf(merged).map(({ id }) => id)).toEqual([orderId(3), orderId(2), orderId(1)]);
  expect(itemsOf(mergePages(pages([order(1)]), pages([])))).toEqual([order(1)]);
});

it("an order that was committed later stays, though its id is smaller than one of the answer's", () => {
  const shown = pages([order(3), order(2), order(1)]);
  const fetched = { pages: [{ items: [order(3), order(1)], next: "more" }], pageParams: [null] };
  expect(itemsOf(mergePages(shown, fetched)).map(({ id }) => id)).toEqual([orderId(3), orderId(2), orderId(1)]);
  const longer = pages([order(3), order(2), order(1), order(0)]);
  expect(itemsOf(mergePages(longer, fetched))).toHaveLength(3);
});

it("an answer that brings nothing new changes nothing, so that nothing is drawn again", () => {
  const shown = pages([order(2, paid), order(1)]);
  expect(mergePages(shown, structuredClone(shown))).toBe(shown);
});

it("a first page that new orders have made three times as long is asked for anew", () => {
  const client = createQueryClient();
  const invalidate = vi.spyOn(client, "invalidateQueries");
  client.setQueryData(ordersKeys.ofUser(USER), pages([]));
  for (let nth = 1; nth <= 60; nth++) putOrder(client, order(nth));
  expect(invalidate).not.toHaveBeenCalled();
  putOrder(client, order(61));
  expect(invalidate.mock.calls.map(([filters]) => filters?.queryKey)).toEqual([ordersKeys.ofUser(USER)]);
});

// @vitest-environment jsdom
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { renderHook } from "@testing-library/react";
import { createElement } from "react";
import { beforeEach, expect, it, vi } from "vitest";
import type { AccountChange, Order, OrderChange } from "../api/gozon.ts";
import { createQueryClient } from "../data/client.ts";
import { ordersKeys, useOrders } from "../data/orders.ts";
import { placing } from "../data/placing.ts";
import { answerWith, json, type Answers } from "../testing/api.ts";
import { account, BILL, change, order, orderId, paid, shipped, USER } from "../testing/samples.ts";
import { createChanges, type Changes } from "./changes.ts";

let client: QueryClient;
let changes: Changes;
let told: Order[];

/** A page that shows these orders. */
function show(...orders: Order[]) {
  client.setQueryData(ordersKeys.ofUser(USER), { pages: [{ items: orders, next: null }], pageParams: [null] });
}

function shown(): Order[] {
  const list = client.getQueryData<{ pages: { items: Order[] }[] }>(ordersKeys.ofUser(USER));
  return list?.pages.flatMap(({ items }) => items) ?? [];
}

/** Places an order from here; `meanwhile` comes before the answer. */
async function place(meanwhile: () => void) {
  const mutation = client.getMutationCache().build(client, {
    mutationKey: placing(USER),
    mutationFn: () => Promise.resolve(order(1)),
    onMutate: meanwhile,
    onSuccess: changes.placed,
    onSettled: changes.placingEnded,
  });
  await mutation.execute(undefined);
}

const tell = (data: OrderChange) => changes.ofOrders({ event: "order", data });

beforeEach(() => {
  client = createQueryClient();
  told = [];
  changes = createChanges(client, (order) => told.push(order));
});

it("a change is in the list before the message is over, and is told of once", () => {
  show(order(2), order(1));
  tell(change(1, paid));
  expect(shown()).toMatchObject([order(2), paid]);
  tell(change(1, paid));
  tell(change(1));
  expect(told).toMatchObject([{ id: orderId(1), ...paid }]);
});

it("an order from another window is in its place as soon as it is told of", () => {
  show(order(3), order(1));
  const sent = answerWith({});
  tell(change(2, { description: "Tea" }));
  tell(change(2, paid));
  const at = change(2).at;
  const tea = { ...order(2), description: "Tea", ...paid, created_at: at, updated_at: at };
  expect(shown()).toEqual([order(3), tea, order(1)]);
  expect(told).toMatchObject([{ status: "NEW" }, paid]);
  expect(sent).toEqual([]);
});

it("an order that nothing is known of is asked for, put in its place, and as far as the last change of it", async () => {
  show(order(3), order(1));
  let answer: (response: Response) => void = () => undefined;
  const answers: Answers = { [`GET /orders/status/${orderId(2)}`]: () => new Promise((resolve) => (answer = resolve)) };
  const sent = answerWith(answers);

  tell(change(2));
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  tell(change(2, shipped));
  answer(json(order(2))());
  await vi.waitFor(() => expect(told).toHaveLength(1));
  expect(shown()).toMatchObject([order(3), { id: orderId(2), ...shipped }, order(1)]);
  expect(sent).toHaveLength(1);
});

it("of many orders beyond the list that change at once only some are asked for, of those within it all", async () => {
  show(order(30), order(10));
  const key = ordersKeys.ofUser(USER);
  client.setQueryData(key, { pages: [{ items: shown(), next: "more" }], pageParams: [null] });
  const [beyond, within] = [
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    [20, 21, 22, 23, 24, 25],
  ];
  const answers = [...beyond, ...within].map(
    (nth) => [`GET /orders/status/${orderId(nth)}`, json(order(nth))] as const,
  );
  const sent = answerWith(Object.fromEntries(answers));
  for (const nth of [...beyond, ...within]) tell(change(nth, shipped));
  await vi.waitFor(() => expect(told).toHaveLength(5 + within.length));
  expect(shown().map(({ id }) => id)).toEqual([30, 25, 24, 23, 22, 21, 20, 10].map(orderId));
  expect(sent).toHaveLength(5 + within.length);
});

it("a change that overtakes the answer to the request that placed the order waits for it", async () => {
  show();
  const sent = answerWith({});
  await place(() => tell(change(1, paid)));
  expect(shown()).toMatchObject([{ id: orderId(1), description: "Coffee beans", ...paid }]);
  expect(told).toMatchObject([paid]);
  expect(sent).toEqual([]);
});

it("the change of an order that is being placed is kept, however many others are asked for", async () => {
  const others = [2, 3, 4, 5, 6, 7];
  const unanswered = () => new Promise<Response>(() => undefined);
  const sent = answerWith(Object.fromEntries(others.map((nth) => [`GET /orders/status/${orderId(nth)}`, unanswered])));
  for (const nth of others) tell(change(nth, shipped));
  await place(() => tell(change(1, paid)));
  expect(told).toMatchObject([paid]);
  expect(sent).toHaveLength(5);
});

it("what changes while the first answer is on its way is in the list when that is there", async () => {
  let answer: (response: Response) => void = () => undefined;
  const sent = answerWith({ [`GET /orders/orders/${USER}`]: () => new Promise((resolve) => (answer = resolve)) });
  const { result } = renderHook(() => useOrders(USER), {
    wrapper: ({ children }) => createElement(QueryClientProvider, { client }, children),
  });
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  tell(change(1, paid));
  tell(change(2, { description: "Tea" }));
  answer(json([order(1)])());
  await vi.waitFor(() => expect(result.current.orders).toHaveLength(2));
  expect(shown()).toMatchObject([
    { id: orderId(2), description: "Tea" },
    { id: orderId(1), ...paid },
  ]);
});

it("a reset asks for everything of its stream that is shown", async () => {
  const invalidate = vi.spyOn(client, "invalidateQueries");
  changes.ofOrders({ event: "reset", data: { reason: "connected" } });
  await vi.waitFor(() => expect(invalidate).toHaveBeenCalledTimes(3));
  expect(invalidate.mock.calls.map(([filters]) => filters?.queryKey)).toEqual([["orders"], ["order"], ["timeline"]]);
  changes.ofOrders({ event: "resumed", data: {} });
  expect(invalidate).toHaveBeenCalledTimes(3);
});

it("an account takes a change only if its version is higher", () => {
  client.setQueryData(["account", USER], account({ version: 5, balance: 500 }));
  const data: AccountChange = {
    bill_id: BILL,
    user_id: USER,
    balance: 600,
    version: 6,
    updated_at: "2026-01-03T00:00:00Z",
  };
  changes.ofAccount({ event: "account", data });
  changes.ofAccount({ event: "account", data: { ...data, balance: 400, version: 4 } });
  expect(client.getQueryData(["account", USER])).toMatchObject({ balance: 600, version: 6 });
});

import { describe, expect, it } from "vitest";
import type { Order } from "../api/gozon.ts";
import { change, order, paid, shipped } from "../testing/samples.ts";
import { advance, ahead, canBeCancelled, rankOf, rankOfChange } from "./standing.ts";

const at = "2026-01-02T03:04:06Z";
const LIFE: Partial<Order>[] = [
  {},
  { cancel_requested_at: at },
  paid,
  { ...paid, cancel_requested_at: at },
  shipped,
  { status: "FINISHED", delivery_status: "DELIVERED" },
  { status: "CANCELLED", cancel_reason: "REFUNDED", cancel_requested_at: at },
];
const orders = LIFE.map((standing) => order(1, standing));
const changes = orders.map(({ status, delivery_status, cancel_reason, cancel_requested_at }) =>
  change(1, { status, delivery_status, cancel_reason, cancel_requested: cancel_requested_at !== null }),
);

it("each standing in an order's life ranks above the one before, told either way", () => {
  expect(orders.map(rankOf)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(changes.map(rankOfChange)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

describe("a change", () => {
  it("brings an order to where it says, and only forward", () => {
    orders.forEach((before, from) =>
      changes.forEach((told, to) => {
        const after = advance(before, told);
        expect(rankOf(after)).toBe(Math.max(from, to));
        if (to <= from) expect(after).toBe(before);
      }),
    );
  });

  it("keeps what it does not tell", () => {
    expect(advance(order(1), change(1, paid))).toEqual({ ...order(1), ...paid, updated_at: at });
  });

  it("that comes in any order and twice leads to the same end", () => {
    const shuffled = [2, 4, 0, 5, 2, 1, 5, 3].map((index) => changes[index]);
    const end = shuffled.reduce((before, told) => (told ? advance(before, told) : before), order(1));
    expect(end).toMatchObject({ status: "FINISHED", delivery_status: "DELIVERED" });
  });
});

it("an answer that was on its way while a change was told does not move the order back", () => {
  const known = order(1, shipped);
  expect(ahead(known, order(1, paid))).toBe(known);
  expect(ahead(order(1), known)).toBe(known);
  expect(ahead(undefined, known)).toBe(known);
});

it("an order can be cancelled until it is shipped, once", () => {
  expect(orders.map(canBeCancelled)).toEqual([true, false, true, false, false, false, false]);
});

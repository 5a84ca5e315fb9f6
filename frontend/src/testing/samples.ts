/** What the API answers with, for tests. */

import type { Account, Order, OrderChange } from "../api/gozon.ts";

export const USER = "6f1c2d3e-4b5a-4c7d-8e9f-0a1b2c3d4e5f";
export const BILL = "0a1b2c3d-4b5a-4c7d-8e9f-6f1c2d3e4e5f";
const TIMES = { created_at: "2026-01-02T03:04:05Z", updated_at: "2026-01-02T03:04:05.250Z" };

export function account(but: Partial<Account> = {}): Account {
  return { bill_id: BILL, user_id: USER, balance: 100_000, version: 1, ...TIMES, ...but };
}

/** The ids of later orders are greater. */
export function orderId(nth: number): string {
  return `01890a5d-ac96-774b-bcce-b302099a${String(nth).padStart(4, "0")}`;
}

export function order(nth: number, but: Partial<Order> = {}): Order {
  return {
    id: orderId(nth),
    user_id: USER,
    amount: 123_450,
    description: "Coffee beans",
    status: "NEW",
    cancel_reason: null,
    cancel_requested_at: null,
    delivery_status: null,
    ...TIMES,
    ...but,
  };
}

export const paid = { status: "FINISHED", delivery_status: "PENDING" } as const;
export const shipped = { status: "FINISHED", delivery_status: "SHIPPED" } as const;

export function change(nth: number, but: Partial<OrderChange> = {}): OrderChange {
  return {
    id: orderId(nth),
    user_id: USER,
    amount: 123_450,
    status: "NEW",
    cancel_reason: null,
    cancel_requested: false,
    delivery_status: null,
    at: "2026-01-02T03:04:06Z",
    ...but,
  };
}

/** The API's resources and operations, as the page uses them. */

import type { Kopecks } from "../money.ts";
import { ApiError, call } from "./http.ts";

export interface Account {
  bill_id: string;
  user_id: string;
  balance: Kopecks;
  created_at: string;
  updated_at: string;
}

export type OrderState = "NEW" | "FINISHED" | "CANCELLED";
export type CancelReason = "ACCOUNT_NOT_FOUND" | "INSUFFICIENT_FUNDS";
export type DeliveryStatus = "PENDING" | "SHIPPED" | "DELIVERED";

export interface Order {
  id: string;
  user_id: string;
  amount: Kopecks;
  description: string;
  /** NEW until payment is decided; the other two are final. */
  status: OrderState;
  cancel_reason: CancelReason | null;
  delivery_status: DeliveryStatus | null;
  created_at: string;
  updated_at: string;
}

export interface OrderPage {
  orders: Order[];
  /** The cursor of the next, older page. */
  next: string | null;
}

/** The API counts characters, not UTF-16 units; see `characters`. */
export const MAX_DESCRIPTION = 1000;
const PAGE_SIZE = 20;

/** The user's account, or `null` when they have opened none yet, which is not an error. */
export async function getAccount(userId: string, signal: AbortSignal): Promise<Account | null> {
  try {
    return (await call<Account>(`/payments/account/${userId}`, { signal })).body;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404 && error.problem) return null;
    throw error;
  }
}

export async function getBalance(billId: string, signal?: AbortSignal): Promise<Account> {
  return (await call<Account>(`/payments/balance/${billId}`, signal && { signal })).body;
}

/** The user's account: opened now or, when it was opened elsewhere in the meantime, the one that is there. */
export async function openAccount(userId: string, idempotencyKey: string): Promise<Account> {
  try {
    return (await call<Account>(`/payments/create/${userId}`, { post: { idempotencyKey } })).body;
  } catch (error) {
    const billId = error instanceof ApiError && error.status === 409 ? error.problem?.bill_id : undefined;
    if (typeof billId !== "string") throw error;
    return await getBalance(billId);
  }
}

export async function topUp(billId: string, amount: Kopecks, idempotencyKey: string): Promise<Account> {
  return (await call<Account>(`/payments/add/${billId}`, { post: { body: { amount }, idempotencyKey } })).body;
}

export interface NewOrder {
  amount: Kopecks;
  description: string;
}

export async function createOrder(userId: string, order: NewOrder, idempotencyKey: string): Promise<Order> {
  return (await call<Order>(`/orders/create/${userId}`, { post: { body: order, idempotencyKey } })).body;
}

export async function getOrder(orderId: string, signal: AbortSignal): Promise<Order> {
  return (await call<Order>(`/orders/status/${orderId}`, { signal })).body;
}

/** A page of the user's orders, newest first, from `cursor` on. */
export async function getOrders(userId: string, cursor: string | null, signal: AbortSignal): Promise<OrderPage> {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  if (cursor !== null) query.set("cursor", cursor);
  const { body, headers } = await call<Order[]>(`/orders/orders/${userId}?${query.toString()}`, { signal });
  return { orders: body, next: nextCursor(headers.get("Link")) };
}

/**
 * The cursor in the `rel="next"` address of a Link header (RFC 8288). Only the cursor is taken, so the page asks where
 * it asked before, whatever host the address names.
 */
export function nextCursor(link: string | null): string | null {
  for (const [, address, parameters] of link?.matchAll(/<([^>]*)>([^,<]*)/g) ?? []) {
    if (address !== undefined && /;\s*rel="?next"?\s*(?:;|$)/i.test(parameters ?? "")) {
      return new URL(address, "http://unused.invalid").searchParams.get("cursor");
    }
  }
  return null;
}

/** Length as the API counts it: Unicode scalar values. */
export function characters(text: string): number {
  return Array.from(text).length;
}

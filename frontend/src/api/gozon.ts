/** The API's resources and operations, as the page uses them. */

import { answer, client } from "./client.ts";
import { ApiError } from "./error.ts";
import { nextCursor } from "./link.ts";
import type { components } from "./schema.ts";

type Schemas = components["schemas"];
export type Account = Schemas["Account"];
export type AccountChange = Schemas["AccountChange"];
export type NewOrder = Schemas["NewOrder"];
export type Order = Schemas["Order"];
export type OrderChange = Schemas["OrderChange"];
export type OrderStatus = Schemas["OrderStatus"];
export type CancelReason = NonNullable<Schemas["CancelReason"]>;
export type DeliveryStatus = NonNullable<Schemas["DeliveryStatus"]>;
export type OutboxOverview = Schemas["OutboxOverview"];
export type QueueOverview = Schemas["QueueOverview"];
export type OrdersOverview = Schemas["OrdersOverview"];
export type PaymentsOverview = Schemas["PaymentsOverview"];
export type Step = Schemas["TimelineStep"];
export type Timeline = Schemas["Timeline"];
export type Transaction = Schemas["Transaction"];

/** A page of a list, newest first. */
export interface Page<Item> {
  items: Item[];
  /** The cursor of the next, older page. */
  next: string | null;
}

const ORDERS_PER_PAGE = 20;
/** More, since the chart is drawn from them. */
const TRANSACTIONS_PER_PAGE = 50;

/** The user's account, or `null` when they have opened none yet, which is not an error. */
export async function getAccount(user_id: string, signal: AbortSignal): Promise<Account | null> {
  try {
    const exchange = client.GET("/payments/account/{user_id}", { params: { path: { user_id } }, signal });
    return (await answer(exchange, signal)).data;
  } catch (error) {
    if (error instanceof ApiError && error.code === "account_not_found") return null;
    throw error;
  }
}

/** The user's account: opened now or, when it was opened elsewhere in the meantime, the one that is there. */
export async function openAccount(user_id: string, idempotencyKey: string): Promise<Account> {
  try {
    const params = { path: { user_id }, header: { "Idempotency-Key": idempotencyKey } };
    return (await answer(client.POST("/payments/create/{user_id}", { params }))).data;
  } catch (error) {
    if (!(error instanceof ApiError) || error.billId === undefined) throw error;
    const params = { path: { bill_id: error.billId } };
    return (await answer(client.GET("/payments/balance/{bill_id}", { params }))).data;
  }
}

export async function deposit(bill_id: string, amount: number, idempotencyKey: string): Promise<Account> {
  const params = { path: { bill_id }, header: { "Idempotency-Key": idempotencyKey } };
  return (await answer(client.POST("/payments/add/{bill_id}", { params, body: { amount } }))).data;
}

/** A page of the account's ledger from `cursor` on. */
export async function getTransactions(
  bill_id: string,
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<Transaction>> {
  const params = { path: { bill_id }, query: { limit: TRANSACTIONS_PER_PAGE, ...(cursor !== null && { cursor }) } };
  const exchange = client.GET("/payments/transactions/{bill_id}", { params, signal });
  const { data, headers } = await answer(exchange, signal);
  return { items: data, next: nextCursor(headers.get("Link")) };
}

export async function createOrder(user_id: string, order: NewOrder, idempotencyKey: string): Promise<Order> {
  const params = { path: { user_id }, header: { "Idempotency-Key": idempotencyKey } };
  return (await answer(client.POST("/orders/create/{user_id}", { params, body: order }))).data;
}

export async function getOrder(order_id: string, signal: AbortSignal): Promise<Order> {
  const exchange = client.GET("/orders/status/{order_id}", { params: { path: { order_id } }, signal });
  return (await answer(exchange, signal)).data;
}

/** A page of the user's orders from `cursor` on. */
export async function getOrders(user_id: string, cursor: string | null, signal: AbortSignal): Promise<Page<Order>> {
  const params = { path: { user_id }, query: { limit: ORDERS_PER_PAGE, ...(cursor !== null && { cursor }) } };
  const { data, headers } = await answer(client.GET("/orders/orders/{user_id}", { params, signal }), signal);
  return { items: data, next: nextCursor(headers.get("Link")) };
}

export async function getTimeline(order_id: string, signal: AbortSignal): Promise<Timeline> {
  const exchange = client.GET("/orders/timeline/{order_id}", { params: { path: { order_id } }, signal });
  return (await answer(exchange, signal)).data;
}

/** The order as the request left it: about to be cancelled, or cancelled already. */
export async function cancelOrder(order_id: string, idempotencyKey: string): Promise<Order> {
  const params = { path: { order_id }, header: { "Idempotency-Key": idempotencyKey } };
  return (await answer(client.POST("/orders/cancel/{order_id}", { params }))).data;
}

export async function getOrdersOverview(signal: AbortSignal): Promise<OrdersOverview> {
  return (await answer(client.GET("/orders/overview", { signal }), signal)).data;
}

export async function getPaymentsOverview(signal: AbortSignal): Promise<PaymentsOverview> {
  return (await answer(client.GET("/payments/overview", { signal }), signal)).data;
}

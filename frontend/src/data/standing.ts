/**
 * How far an order has come. It only moves forward, whoever tells of it: an answer that was on its way while a change
 * was told, or a change that is told twice, must not move it back.
 */

import type { Order, OrderChange } from "../api/gozon.ts";

type Standing = Pick<Order, "status" | "delivery_status"> & { isCancelRequested: boolean };

/** Each number can follow the ones below it, never the other way round. */
export function rank({ status, delivery_status, isCancelRequested }: Standing): number {
  if (status === "CANCELLED") return 6;
  if (status === "NEW") return isCancelRequested ? 1 : 0;
  if (delivery_status === "DELIVERED") return 5;
  if (delivery_status === "SHIPPED") return 4;
  return isCancelRequested ? 3 : 2;
}

export function rankOf(order: Order): number {
  return rank({ ...order, isCancelRequested: order.cancel_requested_at !== null });
}

export function rankOfChange(change: OrderChange): number {
  return rank({ ...change, isCancelRequested: change.cancel_requested });
}

/** Of two sightings of one order the one that is ahead; the later one if neither is. */
export function ahead(shown: Order | undefined, fetched: Order): Order {
  return shown !== undefined && rankOf(shown) > rankOf(fetched) ? shown : fetched;
}

/** The order after a change, or the very same object if the change brings it no further. */
export function advance(order: Order, change: OrderChange): Order {
  if (rankOfChange(change) <= rankOf(order)) return order;
  return {
    ...order,
    status: change.status,
    cancel_reason: change.cancel_reason,
    cancel_requested_at: change.cancel_requested ? (order.cancel_requested_at ?? change.at) : null,
    delivery_status: change.delivery_status,
    updated_at: change.at,
  };
}

/** Until it is shipped or cancelled, and unless that has been asked for. */
export function canBeCancelled(order: Order): boolean {
  const now = rankOf(order);
  return now === 0 || now === 2;
}

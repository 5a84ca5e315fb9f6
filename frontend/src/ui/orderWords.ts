/** The API's constants in words. One that this page does not know yet is shown as it came. */

import type { CancelReason, DeliveryStatus, Order, OrderState } from "../api/gozon.ts";
import { formatKopecks } from "../money.ts";

const STATES: Record<OrderState, string> = { NEW: "New", FINISHED: "Finished", CANCELLED: "Cancelled" };

const REASONS: Record<CancelReason, string> = {
  INSUFFICIENT_FUNDS: "Not enough money on the account. Nothing was charged.",
  ACCOUNT_NOT_FOUND: "There was no account to pay from. Nothing was charged.",
};

const DELIVERY: Record<DeliveryStatus, string> = {
  PENDING: "Being prepared",
  SHIPPED: "On its way",
  DELIVERED: "Delivered",
};

const say = (words: Partial<Record<string, string>>, constant: string) => words[constant] ?? constant;

export const stateInWords = (state: OrderState) => say(STATES, state);
export const reasonInWords = (reason: CancelReason) => say(REASONS, reason);
export const deliveryInWords = (status: DeliveryStatus) => say(DELIVERY, status);

/** For the announcement when an order becomes final. */
export function settledInWords({ description, amount, status, cancel_reason }: Order): string {
  const reason = cancel_reason ? ` ${reasonInWords(cancel_reason)}` : "";
  return `${description}, ${formatKopecks(amount)}: ${stateInWords(status)}.${reason}`;
}

/** How an order that has come so far is shown: in which words, colour and sign. */

import type { Order } from "../api/gozon.ts";
import type { Messages } from "../i18n/en.ts";
import type { Tone } from "../styles/theme.ts";

export interface Look {
  tone: Tone;
  sign: "wait" | "done" | "truck" | "cross";
  words: string;
}

export function lookOf(order: Order, t: Messages): Look {
  const { status, delivery_status, cancel_requested_at } = order;
  if (status === "CANCELLED") return { tone: "bad", sign: "cross", words: t.status.CANCELLED };
  if (cancel_requested_at !== null) return { tone: "wait", sign: "wait", words: t.status.cancelling };
  if (status === "NEW") return { tone: "wait", sign: "wait", words: t.status.NEW };
  if (delivery_status === "SHIPPED") return { tone: "accent", sign: "truck", words: t.delivery.SHIPPED };
  if (delivery_status === "DELIVERED") return { tone: "good", sign: "done", words: t.delivery.DELIVERED };
  return { tone: "good", sign: "done", words: t.status.FINISHED };
}

/** What there is to say beyond the status, if anything. */
export function noteOn(
  { cancel_reason, cancel_requested_at, status, delivery_status }: Order,
  t: Messages,
): string | null {
  if (cancel_reason !== null) return t.reasons[cancel_reason];
  if (status !== "CANCELLED" && cancel_requested_at !== null) return t.cancel.requested;
  if (delivery_status === "PENDING") return t.delivery.PENDING;
  return null;
}

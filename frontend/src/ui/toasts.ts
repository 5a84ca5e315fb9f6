/** News of orders and of what the user did, told in a corner. The corner is loaded with the first of them. */

import type { Order } from "../api/gozon.ts";

type Corner = typeof import("./ToastCorner.tsx");

let isWanted = false;
const listeners = new Set<() => void>();

/** A step that an order has taken. */
export function tellOfOrder(order: Order): void {
  tell((corner) => corner.tellOfOrder(order));
}

export function tellOfSuccess(words: string): void {
  tell((corner) => corner.tellOfSuccess(words));
}

export function isCornerWanted(): boolean {
  return isWanted;
}

export function onCornerWanted(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(how: (corner: Corner) => void): void {
  isWanted = true;
  listeners.forEach((listener) => listener());
  // What it would have told of is on the page all the same.
  import("./ToastCorner.tsx").then(how, () => undefined);
}

/** The balance over time as a line of steps, from the ledger. */

import type { Transaction } from "../api/gozon.ts";
import type { Kopecks } from "../money.ts";

export interface Change {
  at: number;
  balance: Kopecks;
}

/** Oldest first. Before the oldest entry stands the balance that it changed, as the line's beginning. */
export function changesOf(newestFirst: readonly Transaction[]): Change[] {
  const oldest = newestFirst.at(-1);
  if (!oldest) return [];
  const before = oldest.balance_after + (oldest.type === "CREDIT" ? -oldest.amount : oldest.amount);
  const changes = newestFirst.map(({ created_at, balance_after }) => ({
    at: Date.parse(created_at),
    balance: balance_after,
  }));
  return [{ at: Date.parse(oldest.created_at), balance: before }, ...changes.reverse()];
}

export interface Frame {
  width: number;
  height: number;
  from: number;
  to: number;
  highest: Kopecks;
}

/** The frame that holds the changes and ends now. */
export function frameOf(changes: readonly Change[], now: number, width: number, height: number): Frame {
  const from = changes[0]?.at ?? now;
  const highest = Math.max(1, ...changes.map(({ balance }) => balance));
  return { width, height, from, to: Math.max(now, from + 1), highest };
}

export function xOf({ width, from, to }: Frame, at: number): number {
  return round(((at - from) / (to - from)) * width);
}

export function yOf({ height, highest }: Frame, balance: Kopecks): number {
  return round(height - (balance / highest) * height);
}

/** An SVG path: the balance holds until it changes, then changes at once. */
export function stepLine(changes: readonly Change[], frame: Frame): string {
  const [first, ...rest] = changes;
  if (!first) return "";
  const steps = rest.map(({ at, balance }) => `H${xOf(frame, at)}V${yOf(frame, balance)}`).join("");
  return `M${xOf(frame, first.at)} ${yOf(frame, first.balance)}${steps}H${frame.width}`;
}

function round(length: number): number {
  return Math.round(length * 10) / 10;
}

import { expect, it } from "vitest";
import type { Transaction } from "../api/gozon.ts";
import { changesOf, frameOf, stepLine } from "./stepLine.ts";

const entry = (second: number, type: Transaction["type"], amount: number, balance_after: number): Transaction => ({
  id: second,
  type,
  amount,
  balance_after,
  order_id: null,
  created_at: new Date(second * 1000).toISOString(),
});
const ledger = [entry(30, "DEBIT", 25, 75), entry(10, "CREDIT", 100, 100)];

it("begins with the balance that the oldest entry changed", () => {
  expect(changesOf(ledger)).toEqual([
    { at: 10_000, balance: 0 },
    { at: 10_000, balance: 100 },
    { at: 30_000, balance: 75 },
  ]);
  expect(changesOf(ledger.slice(0, 1))[0]).toEqual({ at: 30_000, balance: 100 });
  expect(changesOf([])).toEqual([]);
});

it("draws steps, not slopes, and goes on until now", () => {
  const changes = changesOf(ledger);
  const frame = frameOf(changes, 50_000, 400, 100);
  expect(stepLine(changes, frame)).toBe("M0 100H0V0H200V25H400");
});

import { expect, it } from "vitest";
import { linePath, roundUp, WINDOW_MS } from "./lines.ts";

const size = { width: 120, height: 100 };
const now = 1_000_000;
const ago = (seconds: number, value: number | null) => ({ at: now - seconds * 1000, value });

it("draws the last two minutes, now on the right", () => {
  expect(linePath([ago(WINDOW_MS / 1000, 0), ago(0, 5)], size, now, 10)).toBe("M0 100M120 50");
  expect(linePath([ago(2, 0), ago(1, 10), ago(0, 5)], size, now, 10)).toBe("M118 100L119 0L120 50");
});

it("breaks off where there are no figures", () => {
  expect(linePath([ago(3, 1), ago(2, null), ago(1, 1)], size, now, 1)).toBe("M117 0M119 0");
  expect(linePath([ago(30, 1), ago(1, 1)], size, now, 1)).toBe("M90 0M119 0");
  expect(linePath([], size, now, 1)).toBe("");
});

it.each([
  [0, 1],
  [1, 1],
  [1.2, 2],
  [3, 5],
  [7, 10],
  [10, 10],
  [412.5, 500],
  [10_000, 10_000],
])("gives %d an axis up to %d", (value, top) => {
  expect(roundUp(value)).toBe(top);
});

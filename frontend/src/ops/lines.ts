/** Lines of a chart of the last two minutes. */

/** How far back they go. */
export const WINDOW_MS = 120_000;

export interface Point {
  at: number;
  /** `null` where there is no figure. */
  value: number | null;
}

export interface Series {
  name: string;
  points: readonly Point[];
}

export interface Size {
  width: number;
  height: number;
}

/** Longer without a figure, and the line breaks off. */
const GAP_MS = 4_000;

/** An SVG path that ends on the right with `now` and reaches the top with `highest`. */
export function linePath(points: readonly Point[], { width, height }: Size, now: number, highest: number): string {
  let path = "";
  let last: number | null = null;
  for (const { at, value } of points) {
    if (value === null) {
      last = null;
      continue;
    }
    const x = round(width - ((now - at) / WINDOW_MS) * width);
    const y = round(height - (value / highest) * height);
    path += `${last !== null && at - last <= GAP_MS ? "L" : "M"}${x} ${y}`;
    last = at;
  }
  return path;
}

/** The least of 1, 2 and 5 times a power of ten that no value exceeds: the axis moves seldom, and reads well. */
export function roundUp(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= value) ?? 10;
  return factor * power;
}

export function latestOf({ points }: Series): number | null {
  return points.at(-1)?.value ?? null;
}

export function highestOf(series: readonly Series[]): number {
  return Math.max(0, ...series.flatMap(({ points }) => points.map(({ value }) => value ?? 0)));
}

function round(length: number): number {
  return Math.round(length * 10) / 10;
}

/**
 * Money as the API counts it: whole kopecks. Nothing here divides or multiplies a float, so no amount is ever rounded;
 * text goes in digit by digit and comes out digit by digit.
 */

/** A whole number of kopecks. Amounts of one operation are 1 … {@link MAX_AMOUNT}. */
export type Kopecks = number;

/** The API's limit for one operation: 10^12 kopecks, far inside the integers that a JSON number holds exactly. */
export const MAX_AMOUNT: Kopecks = 1_000_000_000_000;

/** Why a text is no amount: not one at all, not above zero, finer than a kopeck, above the limit. */
export type AmountRefusal = "amount_missing" | "amount_not_positive" | "amount_too_fine" | "amount_too_large";

export type ParsedAmount = { ok: true; kopecks: Kopecks } | { ok: false; refusal: AmountRefusal };

/** No-break space: an amount never wraps between its digits or before its currency sign. */
const NBSP = "\u00a0";

/**
 * Reads roubles as people write them: `12`, `12.5`, `12,50`, `1 234,50 ₽`. A comma is always the decimal sign, never
 * a thousands separator: `1,234` is refused, not read as either of its two meanings.
 */
export function parseRoubles(text: string): ParsedAmount {
  const plain = text.trim().replace(/\s*₽$/, "");
  if (plain === "") return refuse("amount_missing");
  if (/^[-−]\s*\d/.test(plain)) return refuse("amount_not_positive");

  const parts = /^(\d+|\d{1,3}(?:\s\d{3})+)(?:[.,](\d+))?$/.exec(plain);
  const whole = parts?.[1];
  if (whole === undefined) return refuse("amount_missing");
  const fraction = parts?.[2] ?? "";
  if (fraction.length > 2) return refuse("amount_too_fine");

  const kopecks = BigInt(whole.replace(/\s/g, "") + fraction.padEnd(2, "0"));
  if (kopecks === 0n) return refuse("amount_not_positive");
  if (kopecks > BigInt(MAX_AMOUNT)) return refuse("amount_too_large");
  return { ok: true, kopecks: Number(kopecks) };
}

/** `123450` → `1 234,50 ₽`. */
export function formatKopecks(kopecks: Kopecks): string {
  return `${roubles(kopecks)}${NBSP}₽`;
}

/** `123450` → `1 234,50`, as {@link parseRoubles} reads it back. */
export function roubles(kopecks: Kopecks): string {
  const sign = kopecks < 0 ? "−" : "";
  const digits = BigInt(kopecks).toString().replace("-", "").padStart(3, "0");
  const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, NBSP);
  return `${sign}${whole},${digits.slice(-2)}`;
}

function refuse(refusal: AmountRefusal): ParsedAmount {
  return { ok: false, refusal };
}

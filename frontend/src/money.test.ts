import { describe, expect, it } from "vitest";
import { formatKopecks, MAX_AMOUNT, parseRoubles } from "./money.ts";

describe("parseRoubles", () => {
  it.each([
    ["12", 1200],
    ["12.5", 1250],
    ["12,50", 1250],
    ["0,01", 1],
    ["0.1", 10],
    ["0.29", 29], // 0.29 * 100 is 28.999999999999996 in floats
    ["1.15", 115], // and 1.15 * 100 is 114.99999999999999
    ["4503599627.37", 450359962737],
    ["007", 700],
    ["  12 ", 1200],
    ["1 234,50", 123450],
    ["1\u00a0234\u202f567,8 ₽", 123456780],
    ["10000000000", MAX_AMOUNT],
    ["10 000 000 000,00", MAX_AMOUNT],
  ])("reads %j exactly", (text, kopecks) => {
    expect(parseRoubles(text)).toEqual({ ok: true, kopecks });
  });

  it.each([
    ["", "amount_missing"],
    ["   ", "amount_missing"],
    ["₽", "amount_missing"],
    ["a lot", "amount_missing"],
    ["12 roubles", "amount_missing"],
    ["1e3", "amount_missing"],
    ["0x10", "amount_missing"],
    ["Infinity", "amount_missing"],
    ["+5", "amount_missing"],
    [".5", "amount_missing"],
    ["5.", "amount_missing"],
    ["1.2.3", "amount_missing"],
    ["1,234.50", "amount_missing"],
    ["12 34", "amount_missing"],
    ["1234 567", "amount_missing"],
    ["١٢", "amount_missing"], // digits, but not the API's
    ["1,234", "amount_too_fine"],
    ["1.005", "amount_too_fine"],
    ["0.000", "amount_too_fine"],
    ["0", "amount_not_positive"],
    ["0,00", "amount_not_positive"],
    ["-5", "amount_not_positive"],
    ["−5", "amount_not_positive"],
    ["10000000000,01", "amount_too_large"],
    ["9".repeat(400), "amount_too_large"],
  ])("refuses %j and says why", (text, refusal) => {
    expect(parseRoubles(text)).toEqual({ ok: false, refusal });
  });
});

describe("formatKopecks", () => {
  it.each([
    [0, "0,00 ₽"],
    [1, "0,01 ₽"],
    [10, "0,10 ₽"],
    [100, "1,00 ₽"],
    [99_999, "999,99 ₽"],
    [123_450, "1 234,50 ₽"],
    [MAX_AMOUNT, "10 000 000 000,00 ₽"],
    [Number.MAX_SAFE_INTEGER, "90 071 992 547 409,91 ₽"],
    [-123_456, "−1 234,56 ₽"],
  ])("shows %j kopecks as roubles", (kopecks, text) => {
    expect(formatKopecks(kopecks)).toBe(text.replaceAll(" ", "\u00a0"));
  });

  it("shows what parseRoubles reads back", () => {
    for (const kopecks of [1, 29, 115, 99_999, 123_450, MAX_AMOUNT]) {
      expect(parseRoubles(formatKopecks(kopecks))).toEqual({ ok: true, kopecks });
    }
  });
});

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
    ["", "Enter an amount"],
    ["   ", "Enter an amount"],
    ["₽", "Enter an amount"],
    ["a lot", "Enter an amount"],
    ["12 roubles", "Enter an amount"],
    ["1e3", "Enter an amount"],
    ["0x10", "Enter an amount"],
    ["Infinity", "Enter an amount"],
    ["+5", "Enter an amount"],
    [".5", "Enter an amount"],
    ["5.", "Enter an amount"],
    ["1.2.3", "Enter an amount"],
    ["1,234.50", "Enter an amount"],
    ["12 34", "Enter an amount"],
    ["1234 567", "Enter an amount"],
    ["١٢", "Enter an amount"], // digits, but not the API's
    ["1,234", "two digits at most"],
    ["1.005", "two digits at most"],
    ["0.000", "two digits at most"],
    ["0", "more than zero"],
    ["0,00", "more than zero"],
    ["-5", "more than zero"],
    ["−5", "more than zero"],
    ["10000000000,01", "The most at once"],
    ["9".repeat(400), "The most at once"],
  ])("refuses %j and says why", (text, message) => {
    const parsed = parseRoubles(text);
    expect(parsed.ok ? parsed : parsed.message).toContain(message);
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

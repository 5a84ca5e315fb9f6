import { describe, expect, it } from "vitest";
import { en } from "./en.ts";
import { formats } from "./formats.ts";
import { dictionaries, preferredLanguage } from "./language.ts";
import { ru } from "./ru.ts";

/** Every text of a dictionary by its path; a text with a gap is filled. */
function textsOf(messages: object, path = ""): [path: string, text: string][] {
  return Object.entries(messages).flatMap(([key, value]: [string, unknown]): [string, string][] => {
    const here = `${path}.${key}`;
    if (typeof value === "string") return [[here, value]];
    if (typeof value === "function") return [[here, String((value as (...gaps: unknown[]) => unknown)(1, 2, 3))]];
    return textsOf(value as object, here);
  });
}

describe.each(Object.entries(dictionaries))("%s", (_, messages) => {
  it("says something everywhere", () => {
    expect(textsOf(messages).filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  it("has the same texts as English", () => {
    expect(textsOf(messages).map(([path]) => path)).toEqual(textsOf(en).map(([path]) => path));
  });
});

it("Russian is Russian, but for names", () => {
  const latin = textsOf(ru).filter(([, text]) => !/[а-яё]/i.test(text));
  expect(latin.map(([path]) => path)).toEqual([".brand", ".ops.ordersService", ".ops.paymentsService"]);
});

it("Russian counts by its three forms", () => {
  const [one, few, many] = [1, 3, 11].map((count) => ru.toasts.more(count));
  expect([one, few, many]).toEqual(["Изменился ещё 1 заказ", "Изменились ещё 3 заказа", "Изменились ещё 11 заказов"]);
});

it.each([
  ["ru", ["en-US"], "ru"],
  [null, ["ru-RU", "en"], "ru"],
  [null, ["de-DE", "en-GB", "ru"], "en"],
  [null, ["de-DE"], "en"],
  [null, [], "en"],
  ["toString", ["ru"], "ru"],
] as const)("chosen %j, spoken %j: %s", (stored, spoken, language) => {
  expect(preferredLanguage(stored, spoken)).toBe(language);
});

it.each([
  [4, "4 ms", "4 мс"],
  [4.56, "4.6 ms", "4,6 мс"],
  [180.4, "180 ms", "180 мс"],
  [2_400, "2.4 s", "2,4 с"],
  [150_000, "2.5 min", "2,5 мин"],
])("%d milliseconds are %s, %s", (ms, inEnglish, inRussian) => {
  expect(formats("en", en).duration(ms)).toBe(inEnglish);
  expect(formats("ru", ru).duration(ms)).toBe(inRussian);
});

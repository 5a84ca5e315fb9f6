/** Times and numbers as a language writes them. Times arrive as RFC 3339 in UTC and are shown on the reader's clock. */

import type { Messages } from "./en.ts";
import type { Language } from "./language.ts";

export interface Formats {
  /** For lists: the time today, with the day before. */
  brief: (rfc3339: string) => string;
  whole: (rfc3339: string) => string;
  clock: (rfc3339: string) => string;
  /** `180 ms`, `2.4 s`, `3 min`. */
  duration: (ms: number) => string;
  /** At most one digit after the decimal sign. */
  number: (value: number) => string;
}

const LOCALES: Record<Language, string> = { en: "en-GB", ru: "ru-RU" };

export function formats(language: Language, { units }: Messages): Formats {
  const locale = LOCALES[language];
  const brief = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const briefWithDay = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
  const whole = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
  const clock = new Intl.DateTimeFormat(locale, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
  });
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });

  return {
    brief: (rfc3339) => {
      const time = new Date(rfc3339);
      const isToday = time.toDateString() === new Date().toDateString();
      return (isToday ? brief : briefWithDay).format(time);
    },
    whole: (rfc3339) => whole.format(new Date(rfc3339)),
    clock: (rfc3339) => clock.format(new Date(rfc3339)),
    duration: (ms) => {
      if (ms < 1_000) return `${number.format(ms < 10 ? ms : Math.round(ms))} ${units.ms}`;
      if (ms < 60_000) return `${number.format(ms / 1_000)} ${units.s}`;
      return `${number.format(ms / 60_000)} ${units.min}`;
    },
    number: (value) => number.format(value),
  };
}

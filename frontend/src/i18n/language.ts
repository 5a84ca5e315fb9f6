/** Which language the page speaks: the one chosen before, else the browser's if it is one of ours, else English. */

import { en, type Messages } from "./en.ts";
import { ru } from "./ru.ts";

export const dictionaries = { en, ru } satisfies Record<string, Messages>;
export type Language = keyof typeof dictionaries;

export const LANGUAGES = Object.keys(dictionaries) as Language[];
const STORAGE_KEY = "gozon.language";

export function isLanguage(text: string | null): text is Language {
  return text !== null && Object.hasOwn(dictionaries, text);
}

export function preferredLanguage(stored: string | null, spoken: readonly string[]): Language {
  if (isLanguage(stored)) return stored;
  const known = spoken.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => isLanguage(tag));
  return known ?? "en";
}

export function recallLanguage(): Language {
  try {
    return preferredLanguage(localStorage.getItem(STORAGE_KEY), navigator.languages);
  } catch {
    return preferredLanguage(null, navigator.languages); // storage is forbidden in some private modes
  }
}

export function rememberLanguage(language: Language): void {
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // It is asked of the browser again at the next visit.
  }
}

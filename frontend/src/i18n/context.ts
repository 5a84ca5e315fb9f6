import { createContext, useContext } from "react";
import { formats, type Formats } from "./formats.ts";
import { en, type Messages } from "./en.ts";
import type { Language } from "./language.ts";

export interface I18n {
  language: Language;
  setLanguage: (language: Language) => void;
  /** What the page says. */
  t: Messages;
  /** How it writes times and numbers. */
  format: Formats;
}

export const I18nContext = createContext<I18n>({
  language: "en",
  setLanguage: () => undefined,
  t: en,
  format: formats("en", en),
});

export function useI18n(): I18n {
  return useContext(I18nContext);
}

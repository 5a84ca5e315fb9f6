import { useEffect, useMemo, useState, type ReactElement, type ReactNode } from "react";
import { I18nContext } from "./context.ts";
import { formats } from "./formats.ts";
import { dictionaries, recallLanguage, rememberLanguage, type Language } from "./language.ts";

export function I18nProvider({ children }: { children: ReactNode }): ReactElement {
  const [language, setLanguage] = useState(recallLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);

  const value = useMemo(() => {
    const t = dictionaries[language];
    const choose = (next: Language) => {
      rememberLanguage(next);
      setLanguage(next);
    };
    return { language, setLanguage: choose, t, format: formats(language, t) };
  }, [language]);
  return <I18nContext value={value}>{children}</I18nContext>;
}

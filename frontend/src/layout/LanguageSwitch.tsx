import type { ReactElement } from "react";
import { useI18n } from "../i18n/context.ts";
import { dictionaries, LANGUAGES } from "../i18n/language.ts";
import styles from "./layout.module.css";

export function LanguageSwitch(): ReactElement {
  const { t, language, setLanguage } = useI18n();
  return (
    <div role="group" aria-label={t.language} className={styles.languages}>
      {LANGUAGES.map((offered) => (
        <button
          key={offered}
          type="button"
          lang={offered}
          aria-pressed={offered === language}
          aria-label={`${offered.toUpperCase()} ${dictionaries[offered].name}`}
          title={dictionaries[offered].name}
          onClick={() => setLanguage(offered)}
        >
          {offered.toUpperCase()}
        </button>
      ))}
    </div>
  );
}

import type { ReactElement } from "react";
import { Link, NavLink } from "react-router";
import { useI18n } from "../i18n/context.ts";
import { LogoMark } from "../ui/icons.tsx";
import { LanguageSwitch } from "./LanguageSwitch.tsx";
import { SchemeSwitch } from "./SchemeSwitch.tsx";
import { Shortcuts } from "./Shortcuts.tsx";
import styles from "./layout.module.css";

export function Header(): ReactElement {
  const { t } = useI18n();
  return (
    <header className={styles.header}>
      <div className={styles.bar}>
        <Link to="/" className={styles.logo}>
          <LogoMark /> {t.brand}
        </Link>
        <nav aria-label={t.nav.label} className={styles.nav}>
          <NavLink to="/" end>
            {t.nav.shop}
          </NavLink>
          <NavLink to="/ops">{t.nav.ops}</NavLink>
        </nav>
        <div className={styles.switches}>
          <Shortcuts />
          <SchemeSwitch />
          <LanguageSwitch />
        </div>
      </div>
    </header>
  );
}

import { Paper } from "@mantine/core";
import type { ReactElement, ReactNode } from "react";
import { useI18n } from "../i18n/context.ts";
import styles from "./user.module.css";

/** What a stranger sees first: what this is, and the form that asks who they are. */
export function Welcome({ children }: { children: ReactNode }): ReactElement {
  const { t } = useI18n();
  return (
    <div className={styles.welcome}>
      <h1 className={styles.title}>{t.user.title}</h1>
      <p className={styles.lead}>{t.user.lead}</p>
      <Paper className={styles.card}>{children}</Paper>
    </div>
  );
}

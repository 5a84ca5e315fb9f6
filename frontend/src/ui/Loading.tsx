import { Skeleton, VisuallyHidden } from "@mantine/core";
import type { ReactElement } from "react";
import { useI18n } from "../i18n/context.ts";
import styles from "./Loading.module.css";

/** The shape of what is being loaded. */
export function Loading({
  what,
  lines = 2,
  height = 44,
}: {
  what: string;
  lines?: number;
  height?: number;
}): ReactElement {
  const { t } = useI18n();
  return (
    <div className={styles.loading} role="status">
      <VisuallyHidden>{t.loading(what)}</VisuallyHidden>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={height} radius="md" />
      ))}
    </div>
  );
}

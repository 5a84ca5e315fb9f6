import { Alert, Button } from "@mantine/core";
import type { ReactElement } from "react";
import { useI18n } from "../i18n/context.ts";
import { AlertIcon } from "../ui/icons.tsx";
import styles from "./forms.module.css";

/** Tells of a request that was sent before a reload and never answered; what it held is back in the form. */
export function Unanswered({ onForget }: { onForget: () => void }): ReactElement {
  const { t } = useI18n();
  return (
    <Alert role="status" color="wait" variant="light" icon={<AlertIcon />} title={t.unanswered.title}>
      <div className={styles.notice}>
        <p>{t.unanswered.hint}</p>
        <Button size="compact-sm" variant="default" onClick={onForget}>
          {t.unanswered.forget}
        </Button>
      </div>
    </Alert>
  );
}

import { Alert, Button } from "@mantine/core";
import type { ReactElement, ReactNode } from "react";
import type { ApiError } from "../api/error.ts";
import { useI18n } from "../i18n/context.ts";
import { AlertIcon } from "./icons.tsx";
import styles from "./ErrorNotice.module.css";

interface Props {
  error: ApiError;
  /** Offered as a button. */
  onRetry?: () => void;
  /** More to say, for instance that sending again is safe. */
  children?: ReactNode;
}

/** What went wrong: in the page's language, then as the API puts it, then how to find it in the logs. */
export function ErrorNotice({ error, onRetry, children }: Props): ReactElement {
  const { t } = useI18n();
  return (
    <Alert role="alert" color="bad" variant="light" icon={<AlertIcon />} title={titleOf(error, t.problems)}>
      <div className={styles.body}>
        {error.detail !== undefined && <p lang="en">{error.detail}</p>}
        {error.code === "no_answer" && <p>{t.checkConnection}</p>}
        {children}
        {error.requestId !== undefined && (
          <p className={styles.request}>
            {t.requestId} <code>{error.requestId}</code>
          </p>
        )}
        {onRetry && (
          <Button size="compact-sm" variant="default" onClick={onRetry}>
            {t.tryAgain}
          </Button>
        )}
      </div>
    </Alert>
  );
}

/** A failed submission: with the assurance, when the outcome is unknown, that pressing again does it only once. */
export function SubmissionError({ error }: { error: ApiError | null }): ReactElement | null {
  const { t } = useI18n();
  if (error === null) return null;
  return <ErrorNotice error={error}>{!error.isDefinite && <p>{t.sendAgain}</p>}</ErrorNotice>;
}

/** What is shown is not fresh: refreshing it has failed. */
export function StaleNotice({ error, onRetry }: { error: ApiError | null; onRetry: () => void }): ReactElement | null {
  const { t } = useI18n();
  if (error === null) return null;
  return (
    <p className={styles.stale} role="status">
      <AlertIcon /> {t.stale}: {titleOf(error, t.problems)}.
      <Button size="compact-xs" variant="subtle" onClick={onRetry}>
        {t.tryAgain}
      </Button>
    </p>
  );
}

/** A code that this page does not know yet is shown as it came. */
function titleOf({ code }: ApiError, problems: Partial<Record<string, string>>): string {
  return problems[code] ?? code;
}

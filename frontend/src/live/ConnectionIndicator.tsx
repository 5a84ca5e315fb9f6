import type { ReactElement } from "react";
import { useI18n } from "../i18n/context.ts";
import { NoSignalIcon, SignalIcon, SpinnerIcon } from "../ui/icons.tsx";
import styles from "./live.module.css";
import type { StreamState } from "./eventStream.ts";

const SIGNS = { connecting: SpinnerIcon, live: SignalIcon, reconnecting: NoSignalIcon };

/** Whether changes are told as they happen: by word, sign and colour, and to screen readers when it changes. */
export function ConnectionIndicator({ state }: { state: StreamState }): ReactElement {
  const { t } = useI18n();
  const Sign = SIGNS[state];
  return (
    <p className={styles.indicator} role="status" aria-live="polite" data-connection={state}>
      <Sign />
      {t.live[state]}
    </p>
  );
}

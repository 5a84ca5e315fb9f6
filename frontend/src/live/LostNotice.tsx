import { Alert, Button } from "@mantine/core";
import { useEffect, useState, type ReactElement } from "react";
import { useI18n } from "../i18n/context.ts";
import { NoSignalIcon } from "../ui/icons.tsx";
import styles from "./live.module.css";
import type { Connection } from "./useLiveStreams.ts";

/** A restart of a service or a change of networks passes unmentioned; the indicator shows it. */
const PATIENCE_MS = 8_000;

/** Says that the page is not live, once that has lasted. */
export function LostNotice({ connection }: { connection: Connection }): ReactElement | null {
  const { t } = useI18n();
  const isLost = useLasting(connection.state !== "live", PATIENCE_MS);
  if (!isLost) return null;
  return (
    <Alert
      className={styles.lost}
      role="alert"
      color="wait"
      variant="light"
      icon={<NoSignalIcon />}
      title={t.live.lost}
    >
      <div className={styles.lostBody}>
        <p>{t.live.lostHint}</p>
        <Button size="compact-sm" variant="default" onClick={connection.reconnect}>
          {t.live.reconnect}
        </Button>
      </div>
    </Alert>
  );
}

/** Whether something has been so for that long without a break. */
function useLasting(isSo: boolean, ms: number): boolean {
  const [isLasting, setIsLasting] = useState(false);
  useEffect(() => {
    if (!isSo) return;
    const timer = setTimeout(() => setIsLasting(true), ms);
    return () => {
      clearTimeout(timer);
      setIsLasting(false);
    };
  }, [isSo, ms]);
  return isLasting;
}

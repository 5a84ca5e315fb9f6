import { ActionIcon } from "@mantine/core";
import { useState, type ReactElement } from "react";
import { useI18n } from "../i18n/context.ts";
import { shortUuid } from "../uuid.ts";
import { CheckIcon, CopyIcon } from "./icons.tsx";
import styles from "./CopyId.module.css";

interface Props {
  id: string;
  /** What it is the id of, for the button's name. */
  what: string;
  /** Shows all of it, not only its two ends. */
  whole?: boolean;
}

/** An id, and a button that copies it, unless the page has no clipboard (on an insecure origin). */
export function CopyId({ id, what, whole = false }: Props): ReactElement {
  const { t } = useI18n();
  const [copied, setCopied] = useState<string | null>(null);
  const isCopied = copied === id;
  const label = isCopied ? t.copied : t.copy(what);
  const copy = async () => {
    await navigator.clipboard.writeText(id);
    setCopied(id);
  };
  return (
    <span className={styles.copy}>
      <span className={styles.id} title={id}>
        {whole ? id : shortUuid(id)}
      </span>
      {"clipboard" in navigator && (
        <ActionIcon
          className={styles.button}
          variant="transparent"
          size="sm"
          aria-label={label}
          title={label}
          onClick={() => void copy().catch(() => setCopied(null))}
          onBlur={() => setCopied(null)}
        >
          {isCopied ? <CheckIcon /> : <CopyIcon />}
        </ActionIcon>
      )}
    </span>
  );
}

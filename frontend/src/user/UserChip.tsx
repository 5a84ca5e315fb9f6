import { Button } from "@mantine/core";
import type { ReactElement } from "react";
import { useI18n } from "../i18n/context.ts";
import { CopyId } from "../ui/CopyId.tsx";
import { UserIcon } from "../ui/icons.tsx";
import styles from "./user.module.css";

/** Who is shopping, and the way to shop as someone else. */
export function UserChip({ userId, onChange }: { userId: string; onChange: () => void }): ReactElement {
  const { t } = useI18n();
  return (
    <div className={styles.chip}>
      <UserIcon />
      <CopyId id={userId} what={t.user.id} />
      <Button variant="subtle" size="compact-sm" onClick={onChange}>
        {t.user.change}
      </Button>
    </div>
  );
}

import "@mantine/core/styles/InlineInput.css";
import "@mantine/core/styles/Kbd.css";
import "@mantine/core/styles/Switch.css";
import { Kbd, Switch } from "@mantine/core";
import type { ReactElement } from "react";
import { useI18n } from "../i18n/context.ts";
import { Dialog } from "../ui/Dialog.tsx";
import styles from "./layout.module.css";

export interface Shortcut {
  key: string;
  words: string;
}

interface Props {
  isOpen: boolean;
  onClose: () => void;
  shortcuts: readonly Shortcut[];
  isEnabled: boolean;
  onEnabled: (isEnabled: boolean) => void;
}

/** Which keys lead where, and the switch that turns them off. */
export default function ShortcutsDialog({ isOpen, onClose, shortcuts, isEnabled, onEnabled }: Props): ReactElement {
  const { t } = useI18n();
  return (
    <Dialog title={t.shortcuts.title} isOpen={isOpen} onClose={onClose}>
      <dl className={styles.shortcuts}>
        {shortcuts.map(({ key, words }) => (
          <div key={key}>
            <dt>
              <Kbd>{key}</Kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <Switch
        checked={isEnabled}
        onChange={(event) => onEnabled(event.currentTarget.checked)}
        label={t.shortcuts.enabled}
      />
    </Dialog>
  );
}

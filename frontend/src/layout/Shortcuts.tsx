import { ActionIcon } from "@mantine/core";
import { useHotkeys, useLocalStorage } from "@mantine/hooks";
import { lazy, Suspense, useState, type ReactElement } from "react";
import { useNavigate } from "react-router";
import { useI18n } from "../i18n/context.ts";
import { FOCUS } from "../ui/focus.ts";
import { KeyboardIcon } from "../ui/icons.tsx";
import type { Shortcut } from "./ShortcutsDialog.tsx";
import styles from "./layout.module.css";

const ShortcutsDialog = lazy(() => import("./ShortcutsDialog.tsx"));

/** Single keys that lead to the parts of the page; who dictates or trips over them can switch them off. */
export function Shortcuts(): ReactElement {
  const { t } = useI18n();
  const navigate = useNavigate();
  const [isOpen, setIsOpen] = useState(false);
  const [isWanted, setIsWanted] = useState(false);
  const [isEnabled, setIsEnabled] = useLocalStorage({ key: "gozon.shortcuts", defaultValue: true });

  const open = () => {
    setIsWanted(true);
    setIsOpen(true);
  };
  const goTo = (id: string) => () => {
    setIsOpen(false);
    if (focus(id)) return;
    void navigate("/");
    // The shop is drawn with the next frame.
    requestAnimationFrame(() => requestAnimationFrame(() => void focus(id)));
  };
  const shortcuts: (Shortcut & { run: () => void })[] = [
    { key: "n", words: t.shortcuts.newOrder, run: goTo(FOCUS.newOrder) },
    { key: "t", words: t.shortcuts.topUp, run: goTo(FOCUS.topUp) },
    { key: "o", words: t.shortcuts.orders, run: goTo(FOCUS.orders) },
    { key: "?", words: t.shortcuts.help, run: open },
  ];
  // By the key's place, so that they work with a Russian layout too; `?` is where it is on an English one.
  const physical = { usePhysicalKeys: true };
  useHotkeys(isEnabled ? shortcuts.map(({ key, run }) => [key === "?" ? "shift+slash" : key, run, physical]) : []);

  return (
    <>
      <ActionIcon
        className={styles.keyboard}
        variant="subtle"
        size="lg"
        aria-label={t.shortcuts.open}
        title={t.shortcuts.open}
        onClick={open}
      >
        <KeyboardIcon />
      </ActionIcon>
      <Suspense>
        {isWanted && (
          <ShortcutsDialog
            isOpen={isOpen}
            onClose={() => setIsOpen(false)}
            shortcuts={shortcuts}
            isEnabled={isEnabled}
            onEnabled={setIsEnabled}
          />
        )}
      </Suspense>
    </>
  );
}

/** Whether there is something of that id to focus: a field, or the first link of a list. */
function focus(id: string): boolean {
  const found = document.getElementById(id);
  const target = found?.matches("input, textarea") ? found : found?.querySelector<HTMLElement>("a[href]");
  target?.focus();
  return found !== null;
}

import "@mantine/core/styles/CloseButton.css";
import "@mantine/core/styles/Overlay.css";
import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Modal.css";
import { Modal } from "@mantine/core";
import { useLayoutEffect, type ReactElement, type ReactNode } from "react";
import { useI18n } from "../i18n/context.ts";
import styles from "./Dialog.module.css";

interface Props {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A question or a note over the page, which stands still meanwhile. Only what is loaded later uses it. */
export function Dialog({ title, isOpen, onClose, children }: Props): ReactElement {
  const { t } = useI18n();
  useFocusGoesBack(isOpen);
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={title}
      classNames={{ title: styles.title, content: styles.content, header: styles.content, body: styles.body }}
      closeButtonProps={{ "aria-label": t.close }}
      centered
      radius="lg"
      // The page stands still by theme.css: Mantine's way is a style element, which the security policy forbids.
      lockScroll={false}
      returnFocus={false}
    >
      {children}
    </Modal>
  );
}

/**
 * The focus goes back to where it was, or to the page if that has gone meanwhile. Mantine's own way misses a dialog that
 * is open from its first moment, as one that was loaded to be opened is.
 */
function useFocusGoesBack(isOpen: boolean): void {
  useLayoutEffect(() => {
    if (!isOpen) return;
    const opener = document.activeElement;
    return () => {
      const next = opener?.isConnected ? opener : document.querySelector("main");
      if (next instanceof HTMLElement) next.focus();
    };
  }, [isOpen]);
}

import "@mantine/core/styles/CloseButton.css";
import "@mantine/core/styles/Overlay.css";
import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Modal.css";
import { Modal } from "@mantine/core";
import { useLayoutEffect, useRef, type ReactElement, type ReactNode } from "react";
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
  const giveFocusBack = useFocusGoesBack(isOpen);
  return (
    <Modal.Root
      opened={isOpen}
      onClose={onClose}
      centered
      radius="lg"
      // Not at the content itself: Mantine would give its class to what surrounds it as well, and hide the page.
      classNames={{ content: styles.content }}
      // The page stands still by theme.css: Mantine's way is a style element, which the security policy forbids.
      lockScroll={false}
      returnFocus={false}
      onExitTransitionEnd={giveFocusBack}
    >
      <Modal.Overlay />
      <Modal.Content>
        {/* Not Mantine's header, which would count as a second banner of the page. */}
        <div className={styles.header}>
          <Modal.Title className={styles.title}>{title}</Modal.Title>
          <Modal.CloseButton aria-label={t.close} />
        </div>
        <Modal.Body className={styles.body}>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

/**
 * The focus goes back to where it was, or to the page if that has gone meanwhile. Mantine's own way misses a dialog that
 * is open from its first moment, as one that was loaded to be opened is. Called when the dialog is gone: until then it
 * holds the focus.
 */
function useFocusGoesBack(isOpen: boolean): () => void {
  const opener = useRef<Element>(null);
  useLayoutEffect(() => {
    if (isOpen) opener.current = document.activeElement;
  }, [isOpen]);
  return () => {
    const next = opener.current?.isConnected ? opener.current : document.querySelector("main");
    if (next instanceof HTMLElement) next.focus();
  };
}

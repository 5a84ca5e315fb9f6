import { useEffect, useRef, type ReactElement, type ReactNode } from "react";

interface Props {
  /** The id of the heading that names the sheet. */
  labelledBy: string;
  onClose: () => void;
  children: ReactNode;
}

/** A panel over the page, with what a modal dialog owes the keyboard (focus, Escape) from the browser itself. */
export function Sheet({ labelledBy, onClose, children }: Props): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className="sheet"
      aria-labelledby={labelledBy}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose(); // the backdrop
      }}
    >
      {children}
    </dialog>
  );
}

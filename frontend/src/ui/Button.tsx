import type { ComponentProps, ReactElement } from "react";

interface Props extends ComponentProps<"button"> {
  look?: "primary" | "soft" | "quiet" | "link";
  /** Shows that work is under way and ignores presses; unlike `disabled`, the keyboard focus stays where it is. */
  busy?: boolean;
}

export function Button({
  look = "primary",
  busy = false,
  type = "button",
  onClick,
  children,
  ...rest
}: Props): ReactElement {
  return (
    <button
      {...rest}
      type={type}
      className={`button button-${look}`}
      aria-disabled={busy}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy && <span className="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}

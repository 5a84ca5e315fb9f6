import type { ReactElement, ReactNode } from "react";
import type { ApiError } from "../api/http.ts";
import { Button } from "./Button.tsx";
import { AlertIcon } from "./icons.tsx";

interface ErrorProps {
  error: ApiError;
  /** Offered as a "Try again" button. */
  onRetry?: () => void;
  /** More to say, for instance that trying again is safe. */
  children?: ReactNode;
}

/** What went wrong, in the words of the API's problem document. */
export function ErrorNotice({ error, onRetry, children }: ErrorProps): ReactElement {
  return (
    <div className="notice notice-error" role="alert">
      <AlertIcon />
      <div>
        <p className="notice-title">{error.title}</p>
        {error.detail !== "" && <p>{error.detail}</p>}
        {error.retryAfterSeconds !== undefined && <p>It should be back in {error.retryAfterSeconds} s.</p>}
        {children}
        {onRetry && (
          <Button look="link" onClick={onRetry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

/** A failed submission: with the assurance, when the outcome is unknown, that pressing again does it only once. */
export function SubmissionError({ error }: { error: ApiError | null }): ReactElement | null {
  if (error === null) return null;
  return (
    <ErrorNotice error={error}>
      {!error.isDefinite && <p>Sending it again is safe: it will take effect only once.</p>}
    </ErrorNotice>
  );
}

/** What is shown is not fresh: refreshing fails, and goes on being tried. */
export function StaleNotice({ error }: { error: ApiError | null }): ReactElement | null {
  if (error === null) return null;
  return (
    <p className="stale" role="status">
      <AlertIcon /> Can’t refresh: {error.title}. Still trying.
    </p>
  );
}

interface EmptyProps {
  icon: ReactNode;
  title: string;
  children: ReactNode;
}

export function Empty({ icon, title, children }: EmptyProps): ReactElement {
  return (
    <div className="empty">
      <span className="empty-icon">{icon}</span>
      <p className="empty-title">{title}</p>
      <p>{children}</p>
    </div>
  );
}

/** The shape of what is being loaded. */
export function Loading({ what, lines = 2 }: { what: string; lines?: number }): ReactElement {
  return (
    <div className="loading" role="status">
      <span className="visually-hidden">Loading {what}…</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className="skeleton" aria-hidden="true" />
      ))}
    </div>
  );
}

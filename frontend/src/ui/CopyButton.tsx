import { useState, type ReactElement } from "react";
import { CheckIcon, CopyIcon } from "./icons.tsx";

/** Copies an id. Not shown where the browser has no clipboard for the page (an insecure origin). */
export function CopyButton({ text, what }: { text: string; what: string }): ReactElement | null {
  const [copied, setCopied] = useState<string | null>(null);
  if (!("clipboard" in navigator)) return null;
  const isCopied = copied === text;
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(text);
  };
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={isCopied ? `Copied ${what}` : `Copy ${what}`}
      title={isCopied ? "Copied" : `Copy ${what}`}
      onClick={() => void copy().catch(() => setCopied(null))}
      onBlur={() => setCopied(null)}
    >
      {isCopied ? <CheckIcon /> : <CopyIcon />}
    </button>
  );
}

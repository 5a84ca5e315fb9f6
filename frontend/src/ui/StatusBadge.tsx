import type { ReactElement } from "react";
import type { OrderState } from "../api/gozon.ts";
import { CheckIcon, CrossIcon } from "./icons.tsx";
import { stateInWords } from "./orderWords.ts";

/** The order's state by word, sign and colour. */
export function StatusBadge({ status }: { status: OrderState }): ReactElement {
  return (
    <span className="badge" data-status={status}>
      {status === "NEW" && <span className="spinner" aria-hidden="true" />}
      {status === "FINISHED" && <CheckIcon />}
      {status === "CANCELLED" && <CrossIcon />}
      {stateInWords(status)}
    </span>
  );
}

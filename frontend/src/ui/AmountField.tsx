import type { ReactElement, ReactNode } from "react";
import { Field } from "./Field.tsx";

interface Props {
  value: string;
  onChange: (value: string) => void;
  error: string | undefined;
  hint?: ReactNode;
}

/** An amount in roubles, as text: `parseRoubles` reads it, no number input ever does. */
export function AmountField({ value, onChange, error, hint }: Props): ReactElement {
  return (
    <Field label="Amount" error={error} hint={hint}>
      {(control) => (
        <div className="amount-input">
          <input
            {...control}
            value={value}
            onChange={(event) => onChange(event.target.value)}
            inputMode="decimal"
            autoComplete="off"
            placeholder="0,00"
          />
          <span aria-hidden="true">₽</span>
        </div>
      )}
    </Field>
  );
}

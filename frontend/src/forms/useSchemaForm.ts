import { schemaResolver, useForm } from "@mantine/form";
import * as v from "valibot";
import { useI18n } from "../i18n/context.ts";
import type { Refusal } from "./schemas.ts";

/** Every value is text, as it was typed; the schema makes of it what the API takes. */
type Texts = Record<string, string>;
type Schema<Values extends Texts, Output> = v.GenericSchema<Values, Output>;

/** A form that is checked when it is sent, and whose refusals go away as soon as they are dealt with. */
export function useSchemaForm<Values extends Texts, Output>(schema: Schema<Values, Output>, initialValues: Values) {
  const { t } = useI18n();
  const form = useForm<Values>({
    mode: "controlled",
    initialValues,
    validate: schemaResolver(schema, { sync: true }),
    clearInputErrorOnChange: true,
  });

  return {
    form,
    /** What a field needs, its refusal in the page's language. */
    field: (name: keyof Values & string) => {
      const { error, ...props } = form.getInputProps(name) as {
        value: string;
        onChange: (event: unknown) => void;
        error?: unknown;
      };
      return { ...props, error: typeof error === "string" ? t.refusals[error as Refusal] : undefined };
    },
    onSubmit: (send: (output: Output) => void) => form.onSubmit((values) => send(v.parse(schema, values)), focusFirst),
  };
}

/** The first field that was refused is where the user goes on. */
function focusFirst(
  _errors: unknown,
  _values: unknown,
  event: { currentTarget: EventTarget | null } | undefined,
): void {
  const form = event?.currentTarget;
  if (!(form instanceof HTMLFormElement)) return;
  // The fields are marked in the same turn, once this handler is over.
  requestAnimationFrame(() => form.querySelector<HTMLElement>("[aria-invalid='true']")?.focus());
}

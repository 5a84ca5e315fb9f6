import { TextInput } from "@mantine/core";
import type { ComponentProps, ReactElement } from "react";

/** An amount in roubles, as text: `parseRoubles` reads it, no number input ever does. */
export function AmountField(props: ComponentProps<typeof TextInput>): ReactElement {
  return <TextInput {...props} inputMode="decimal" autoComplete="off" placeholder="0,00" rightSection="₽" />;
}

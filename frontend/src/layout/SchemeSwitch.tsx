import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import type { ReactElement } from "react";
import { useI18n } from "../i18n/context.ts";
import { MoonIcon, SunIcon } from "../ui/icons.tsx";

/** The system's scheme until one is chosen here; the choice is remembered. */
export function SchemeSwitch(): ReactElement {
  const { t } = useI18n();
  // To stop transitions it would write a style element, which the security policy forbids.
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const isDark = useComputedColorScheme("light") === "dark";
  const label = isDark ? t.scheme.toLight : t.scheme.toDark;
  return (
    <ActionIcon
      variant="subtle"
      size="lg"
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(isDark ? "light" : "dark")}
    >
      {isDark ? <SunIcon /> : <MoonIcon />}
    </ActionIcon>
  );
}

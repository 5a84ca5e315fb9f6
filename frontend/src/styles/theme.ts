import { Badge, Button, createTheme, Input, type VariantColorsResolver } from "@mantine/core";
import fields from "./fields.module.css";

/** What a colour says; theme.css has the colours themselves, for both schemes. */
const TONES = ["accent", "good", "bad", "wait"] as const;
export type Tone = (typeof TONES)[number];

/** Mantine's own shades have too little contrast for text: its components take the tones of theme.css. */
const tones: VariantColorsResolver = ({ color, variant }) => {
  const tone = TONES.find((known) => known === color) ?? "accent";
  const border = "1px solid transparent";
  switch (variant) {
    case "filled":
      return tone === "bad"
        ? { background: "var(--bad)", hover: "var(--bad)", color: "var(--surface)", border }
        : { background: "var(--accent)", hover: "var(--accent-hover)", color: "var(--on-accent)", border };
    case "light":
      return { background: `var(--${tone}-soft)`, hover: `var(--${tone}-soft)`, color: `var(--${tone})`, border };
    case "transparent":
      return { background: "transparent", hover: "transparent", color: "inherit", border };
    case "subtle":
      return { background: "transparent", hover: "var(--sunken)", color: `var(--${tone})`, border };
    default:
      return {
        background: "var(--surface)",
        hover: "var(--sunken)",
        color: "var(--ink)",
        border: "1px solid var(--line)",
      };
  }
};

export const theme = createTheme({
  variantColorResolver: tones,
  fontFamily: "var(--mantine-font-family)",
  components: {
    Badge: Badge.extend({ defaultProps: { variant: "light", size: "lg" } }),
    Button: Button.extend({ defaultProps: { variant: "filled", size: "sm" } }),
    Input: Input.extend({ classNames: { input: fields.input } }),
    InputWrapper: Input.Wrapper.extend({
      classNames: { label: fields.label, error: fields.error, description: fields.hint },
    }),
  },
});

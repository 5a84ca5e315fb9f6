/** What the forms take. A refusal is a key of `Messages.refusals`, so that it follows a change of language. */

import * as v from "valibot";
import type { Messages } from "../i18n/en.ts";
import { parseRoubles } from "../money.ts";
import { parseUuid } from "../uuid.ts";

export type Refusal = keyof Messages["refusals"];

/** The API counts characters, not UTF-16 units. */
export const MAX_DESCRIPTION = 1000;

/** Length as the API counts it: Unicode scalar values. */
export function characters(text: string): number {
  return Array.from(text).length;
}

/** Roubles as people write them, into kopecks. */
const amount = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = parseRoubles(dataset.value);
    if (parsed.ok) return parsed.kopecks;
    addIssue({ message: parsed.refusal satisfies Refusal });
    return NEVER;
  }),
);

const description = v.pipe(
  v.string(),
  v.trim(),
  v.nonEmpty("description_missing" satisfies Refusal),
  v.check((words) => characters(words) <= MAX_DESCRIPTION, "description_too_long" satisfies Refusal),
);

export const depositSchema = v.object({ amount });
export const orderSchema = v.object({ description, amount });

export const userSchema = v.object({
  userId: v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const userId = parseUuid(dataset.value);
      if (userId !== null) return userId;
      addIssue({ message: "user_id_invalid" satisfies Refusal });
      return NEVER;
    }),
  ),
});

/**
 * Requests whose outcome is unknown, and the Idempotency-Key that each was sent with.
 *
 * A user who presses the button again after a lost answer repeats the request under the same key, and the API does the
 * thing once. After a definite answer the same words are a new wish and get a new key; so does a changed request,
 * which the API would refuse under the old one.
 *
 * They are kept in the tab's session storage, from before a request is sent until it is answered, so that a reload in
 * between forgets neither the key nor what was sent with it. Not in the storage that tabs share: the same order, placed
 * in two tabs at once, is two orders.
 */

import { randomUuid } from "../uuid.ts";
import { ApiError } from "./error.ts";

export interface Pending {
  request: unknown;
  key: string;
}

/** One submission at a time has a slot: an action and what it is done to. */
export type Slot = `${"create-account" | "top-up" | "create-order" | "cancel"}:${string}`;

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Runs `send` under the key that belongs to `request`. */
export async function submit<Request, Result>(
  slot: Slot,
  request: Request,
  send: (request: Request, idempotencyKey: string) => Promise<Result>,
): Promise<Result> {
  const before = pending(slot);
  const isSame = before !== null && JSON.stringify(before.request) === JSON.stringify(request);
  const key = isSame ? before.key : randomUuid();
  store.setItem(nameOf(slot), JSON.stringify({ request, key } satisfies Pending));
  try {
    const result = await send(request, key);
    forget(slot);
    return result;
  } catch (error) {
    if (error instanceof ApiError && error.isDefinite) forget(slot);
    throw error;
  }
}

/** The request in a slot whose outcome is unknown, if there is one. */
export function pending(slot: Slot): Pending | null {
  try {
    const stored: unknown = JSON.parse(store.getItem(nameOf(slot)) ?? "null");
    return isPending(stored) ? stored : null;
  } catch {
    return null;
  }
}

/** For a user who gives up on it: the next request is a new wish, whatever became of this one. */
export function forget(slot: Slot): void {
  store.removeItem(nameOf(slot));
}

function nameOf(slot: Slot): string {
  return `gozon.pending.${slot}`;
}

function isPending(stored: unknown): stored is Pending {
  return typeof stored === "object" && stored !== null && "key" in stored && typeof stored.key === "string";
}

const store = sessionStore();

/** Some private modes forbid storage; the keys then live as long as the page. */
function sessionStore(): Store {
  try {
    const name = "gozon.probe";
    sessionStorage.setItem(name, "");
    sessionStorage.removeItem(name);
    return sessionStorage;
  } catch {
    const kept = new Map<string, string>();
    return {
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => void kept.set(name, value),
      removeItem: (name) => void kept.delete(name),
    };
  }
}

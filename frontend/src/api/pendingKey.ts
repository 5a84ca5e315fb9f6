/**
 * The Idempotency-Key of a submission: kept while it is unknown whether the request took effect, renewed once it is.
 *
 * A user who presses the button again after a lost answer repeats the request under the same key, and the API does the
 * thing once. After a definite answer, the same words are a new wish and get a new key; so does a changed request,
 * which the API would refuse under the old one.
 */

import { randomUuid } from "../uuid.ts";
import { ApiError } from "./http.ts";

export interface PendingKey {
  /** Runs `send` under the key that belongs to `request`. */
  submit: <Result>(request: unknown, send: (idempotencyKey: string) => Promise<Result>) => Promise<Result>;
}

export function createPendingKey(makeKey: () => string = randomUuid): PendingKey {
  let pending: { fingerprint: string; key: string } | null = null;
  return {
    async submit(request, send) {
      const fingerprint = JSON.stringify(request);
      const { key } = (pending = pending?.fingerprint === fingerprint ? pending : { fingerprint, key: makeKey() });
      try {
        const result = await send(key);
        pending = null;
        return result;
      } catch (error) {
        if (error instanceof ApiError && error.isDefinite) pending = null;
        throw error;
      }
    },
  };
}

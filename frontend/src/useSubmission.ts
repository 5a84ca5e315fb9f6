import { useMutation, type UseMutationResult } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiError } from "./api/http.ts";
import { createPendingKey } from "./api/pendingKey.ts";

/**
 * A POST that a person sends by pressing a button: pending, done or failed, and safe to press again.
 *
 * The request must hold everything that makes one submission differ from another, the user or the account included.
 */
export function useSubmission<Request, Result>(
  send: (request: Request, idempotencyKey: string) => Promise<Result>,
  onDone: (result: Result, request: Request) => Promise<void> | void,
): UseMutationResult<Result, ApiError, Request> {
  const [pendingKey] = useState(() => createPendingKey());
  return useMutation({
    mutationFn: (request: Request) => pendingKey.submit(request, (key) => send(request, key)),
    onSuccess: onDone,
  });
}

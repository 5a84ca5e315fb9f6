import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { forget, pending, submit, type Slot } from "../api/pending.ts";

interface Options<Request, Result> {
  /** What the requests of this kind are told apart by from those of another, or for another user. */
  slot: Slot;
  send: (request: Request, idempotencyKey: string) => Promise<Result>;
  onDone: (result: Result, request: Request) => void;
  /** The API has said no for good. */
  onRefused?: () => void;
  onEnd?: () => void;
  mutationKey?: readonly unknown[];
}

/**
 * A POST that a person sends by pressing a button: under way, done or failed, and safe to press again, before and after
 * a reload.
 */
export function useSubmission<Request, Result>({
  slot,
  send,
  onDone,
  onRefused,
  onEnd,
  mutationKey,
}: Options<Request, Result>) {
  const [unanswered, setUnanswered] = useState(() => pending(slot)?.request as Request | undefined);
  const mutation = useMutation({
    ...(mutationKey && { mutationKey }),
    mutationFn: (request: Request) => submit(slot, request, send),
    onMutate: () => setUnanswered(undefined),
    onSuccess: onDone,
    onError: (error) => {
      if (error.isDefinite) onRefused?.();
    },
    onSettled: () => onEnd?.(),
  });
  return {
    ...mutation,
    /** A request from before a reload that never got an answer. */
    unanswered,
    forget: () => {
      forget(slot);
      setUnanswered(undefined);
      mutation.reset();
    },
  };
}

import { useSyncExternalStore } from "react";
import { parseUuid } from "./uuid.ts";

const PARAMETER = "order";
const listeners = new Set<() => void>();

/**
 * The order on display, kept in the address (`?order=…`): it survives a reload, can be sent to someone, and the
 * browser's back button closes it.
 */
export function useSelectedOrder(): [string | null, (orderId: string | null) => void] {
  return [useSyncExternalStore(subscribe, read), select];
}

function read(): string | null {
  return parseUuid(new URLSearchParams(window.location.search).get(PARAMETER) ?? "");
}

function select(orderId: string | null): void {
  if (orderId === read()) return;
  const address = new URL(window.location.href);
  if (orderId === null) address.searchParams.delete(PARAMETER);
  else address.searchParams.set(PARAMETER, orderId);
  window.history.pushState(null, "", address);
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

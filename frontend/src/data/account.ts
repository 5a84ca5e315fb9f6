/** The user's account and its ledger, as the page knows them. */

import {
  infiniteQueryOptions,
  queryOptions,
  replaceEqualDeep,
  useInfiniteQuery,
  useQuery,
  type QueryClient,
} from "@tanstack/react-query";
import { useMemo } from "react";
import { getAccount, getTransactions, type Account, type AccountChange } from "../api/gozon.ts";
import { askAnew } from "./client.ts";

export const accountKeys = {
  ofUser: (userId: string) => ["account", userId] as const,
  ledger: (billId: string) => ["ledger", billId] as const,
  /** What to ask for again when nothing is known of what has changed. */
  all: [["account"], ["ledger"]] as const,
};

const accountOptions = (userId: string) =>
  queryOptions({
    queryKey: accountKeys.ofUser(userId),
    queryFn: ({ signal }) => getAccount(userId, signal),
    // An answer that was on its way while a change was told must not undo it.
    structuralSharing: (shown, fetched) =>
      replaceEqualDeep(shown, later(shown as Account | null | undefined, fetched as Account | null)),
  });

/** The user's account; `null` when there is none yet. */
export function useAccount(userId: string) {
  return useQuery(accountOptions(userId));
}

const ledgerOptions = (billId: string) =>
  infiniteQueryOptions({
    queryKey: accountKeys.ledger(billId),
    queryFn: ({ pageParam, signal }) => getTransactions(billId, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });

/** The account's ledger as far as it is loaded, newest first. */
export function useLedger(billId: string) {
  const query = useInfiniteQuery(ledgerOptions(billId));
  const entries = useMemo(() => query.data?.pages.flatMap(({ items }) => items), [query.data]);
  return { ...query, entries };
}

/** Puts an account that a POST answered with, or that a change told of, wherever the page shows it. */
export function putAccount(client: QueryClient, account: Account): void {
  const key = accountOptions(account.user_id).queryKey;
  const before = client.getQueryData(key);
  client.setQueryData(key, later(before, account));
  if (before !== client.getQueryData(key)) refreshLedger(client, account.bill_id);
}

export function applyAccountChange(client: QueryClient, change: AccountChange): void {
  const key = accountOptions(change.user_id).queryKey;
  const shown = client.getQueryData(key);
  // Opened elsewhere, or not known yet: the change alone is not a whole account.
  if (!shown) {
    void askAnew(client, key);
    return;
  }
  putAccount(client, { ...shown, ...change });
  // The account may have been asked for meanwhile, and the ledger before.
  if (change.version === shown.version) refreshLedger(client, change.bill_id);
}

/** Balances that change in a row are one reason to ask for the ledger, and the order that was paid is drawn before. */
const LEDGER_DELAY_MS = 100;
const dueLedgers = new Set<string>();

/** Asks for the ledger anew, soon, and after an answer that is on its way: it may be older than this change. */
function refreshLedger(client: QueryClient, billId: string): void {
  const queryKey = accountKeys.ledger(billId);
  const ask = () => {
    if (client.isFetching({ queryKey }) > 0) {
      setTimeout(ask, LEDGER_DELAY_MS);
      return;
    }
    dueLedgers.delete(billId);
    void client.invalidateQueries({ queryKey });
  };
  if (dueLedgers.has(billId)) return;
  dueLedgers.add(billId);
  setTimeout(ask, LEDGER_DELAY_MS);
}

/** Of two sightings of one account the later one. Accounts do not go away. */
function later(shown: Account | null | undefined, fetched: Account | null): Account | null {
  if (!shown) return fetched;
  return fetched && fetched.version >= shown.version ? fetched : shown;
}

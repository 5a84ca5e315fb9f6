/** The operator's figures: the one place that polls, once a second, while it is looked at. */

import { useQuery } from "@tanstack/react-query";
import { getOrdersOverview, getPaymentsOverview, type OrdersOverview, type PaymentsOverview } from "../api/gozon.ts";
import type { ApiError } from "../api/error.ts";
import { WINDOW_MS } from "./lines.ts";

const EVERY_MS = 1_000;

/** What a service told, and when it did by this machine's clock. */
export interface Sample<Overview> {
  at: number;
  overview: Overview;
}

export interface Watched<Overview> {
  /** Of the last two minutes, oldest first. */
  samples: readonly Sample<Overview>[];
  error: ApiError | null;
}

export function useOrdersOverview(): Watched<OrdersOverview> {
  return useWatched("orders", getOrdersOverview);
}

export function usePaymentsOverview(): Watched<PaymentsOverview> {
  return useWatched("payments", getPaymentsOverview);
}

function useWatched<Overview>(service: string, get: (signal: AbortSignal) => Promise<Overview>): Watched<Overview> {
  const queryKey = ["overview", service];
  const { data, error } = useQuery({
    queryKey,
    queryFn: async ({ client, signal }): Promise<Sample<Overview>[]> => {
      const overview = await get(signal);
      const at = Date.now();
      const before = client.getQueryData<Sample<Overview>[]>(queryKey) ?? [];
      return [...before.filter((sample) => sample.at > at - WINDOW_MS), { at, overview }];
    },
    refetchInterval: EVERY_MS,
    refetchOnMount: "always",
    structuralSharing: false,
    retry: false,
  });
  return { samples: data ?? [], error };
}

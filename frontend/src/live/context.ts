import { createContext, useContext } from "react";
import type { Changes } from "./changes.ts";
import type { Connection } from "./useLiveStreams.ts";

export interface Live {
  connection: Connection;
  changes: Changes;
}

export const LiveContext = createContext<Live | null>(null);

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error("useLive is for what is inside a LiveProvider");
  return live;
}

import { useCallback, useState } from "react";
import { parseUuid } from "../uuid.ts";

const STORAGE_KEY = "gozon.user_id";

/** The user's id, remembered across visits where the browser allows it. */
export function useUserId(): [string | null, (userId: string) => void] {
  const [userId, setUserId] = useState(recall);
  const choose = useCallback((next: string) => {
    remember(next);
    setUserId(next);
  }, []);
  return [userId, choose];
}

function recall(): string | null {
  try {
    return parseUuid(localStorage.getItem(STORAGE_KEY) ?? "");
  } catch {
    return null; // storage is forbidden in some private modes
  }
}

function remember(userId: string): void {
  try {
    localStorage.setItem(STORAGE_KEY, userId);
  } catch {
    // The page works without; it asks again at the next visit.
  }
}

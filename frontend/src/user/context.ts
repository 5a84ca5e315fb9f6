import { createContext, useContext } from "react";

export interface User {
  /** Who is shopping; `null` until they have said so. */
  userId: string | null;
  choose: (userId: string) => void;
}

export const UserContext = createContext<User>({ userId: null, choose: () => undefined });

export function useUser(): User {
  return useContext(UserContext);
}

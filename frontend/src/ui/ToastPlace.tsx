import { lazy, Suspense, useSyncExternalStore, type ReactElement } from "react";
import { isCornerWanted, onCornerWanted } from "./toasts.ts";

const ToastCorner = lazy(() => import("./ToastCorner.tsx"));

/** The place of the toasts, once there is one to show. */
export function ToastPlace(): ReactElement {
  const isWanted = useSyncExternalStore(onCornerWanted, isCornerWanted);
  return <Suspense>{isWanted && <ToastCorner />}</Suspense>;
}

import { Suspense, useEffect, useRef, type ReactElement, type RefObject } from "react";
import { Outlet, useLocation } from "react-router";
import { useI18n } from "../i18n/context.ts";
import { useLive } from "../live/context.ts";
import { LostNotice } from "../live/LostNotice.tsx";
import { Loading } from "../ui/Loading.tsx";
import { useUser } from "../user/context.ts";
import { Header } from "./Header.tsx";
import styles from "./layout.module.css";

const CONTENT = "content";

/** What every page stands in. */
export function Layout(): ReactElement {
  const { t } = useI18n();
  const { userId } = useUser();
  const { connection } = useLive();
  const content = useRef<HTMLElement>(null);
  useFocusOnArrival(content);
  return (
    <>
      <a href={`#${CONTENT}`} className={styles.skip}>
        {t.skipToContent}
      </a>
      <Header />
      <main ref={content} id={CONTENT} tabIndex={-1} className={styles.content}>
        {userId !== null && <LostNotice connection={connection} />}
        <Suspense fallback={<Loading what={t.nav.page} lines={3} height={96} />}>
          <Outlet />
        </Suspense>
      </main>
    </>
  );
}

/** A link to another page takes the focus, and so a screen reader, and the view to that page's beginning. */
function useFocusOnArrival(content: RefObject<HTMLElement | null>): void {
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    content.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [pathname, content]);
}

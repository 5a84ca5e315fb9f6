/** What `toasts.ts` promises, in a corner of the page. Loaded with the first toast. */

import "@mantine/core/styles/Notification.css";
import "@mantine/notifications/styles.css";
import { MantineThemeProvider, Notification } from "@mantine/core";
import { Notifications, notifications, notificationsStore } from "@mantine/notifications";
import { useMemo, type ReactElement } from "react";
import { Link } from "react-router";
import type { Order } from "../api/gozon.ts";
import { useI18n } from "../i18n/context.ts";
import { formatKopecks } from "../money.ts";
import { CheckIcon } from "./icons.tsx";
import { lookOf, noteOn } from "./orderLooks.ts";
import { StatusSign } from "./StatusBadge.tsx";
import styles from "./ToastCorner.module.css";

export default function ToastCorner(): ReactElement {
  const { t } = useI18n();
  const theme = useMemo(() => {
    const defaultProps = {
      withBorder: true,
      classNames: { root: styles.toast },
      closeButtonProps: { "aria-label": t.close },
    };
    return { components: { Notification: Notification.extend({ defaultProps }) } };
  }, [t]);
  return (
    <MantineThemeProvider inherit theme={theme}>
      <Notifications autoClose={5_000} containerWidth="22rem" limit={MOST + 1} />
    </MantineThemeProvider>
  );
}

/** As many at once as can be read, and as leave room for the page; the rest is counted. */
const MOST = 3;
const MOST_ON_A_PHONE = 1;
const PHONE_PX = 480;
const MORE = "more-orders";
let uncounted = 0;

/** One per order: what comes next replaces what was said before. */
export function tellOfOrder(order: Order): void {
  const isUnderWay = order.status === "NEW" || (order.cancel_requested_at !== null && order.status !== "CANCELLED");
  if (isUnderWay) return; // whoever asked for it knows
  const shown = notificationsStore.getState().notifications.map(({ id }) => id);
  const toast = { id: order.id, message: <OrderToast order={order} /> };
  if (shown.includes(order.id)) notifications.update(toast);
  else if (shown.length < (window.innerWidth <= PHONE_PX ? MOST_ON_A_PHONE : MOST)) notifications.show(toast);
  else tellOfMore(shown.includes(MORE));
}

function tellOfMore(isShown: boolean): void {
  uncounted = isShown ? uncounted + 1 : 1;
  const toast = { id: MORE, message: <MoreToast count={uncounted} /> };
  if (isShown) notifications.update(toast);
  else notifications.show(toast);
}

export function tellOfSuccess(words: string): void {
  notifications.show({
    message: (
      <p className={styles.line} data-tone="good">
        <CheckIcon /> {words}
      </p>
    ),
  });
}

function OrderToast({ order }: { order: Order }): ReactElement {
  const { t } = useI18n();
  const { tone, sign, words } = lookOf(order, t);
  const note = order.status === "CANCELLED" ? noteOn(order, t) : null;
  return (
    <>
      <p className={styles.line} data-tone={tone}>
        <StatusSign sign={sign} /> {words}
      </p>
      <p className={styles.what}>
        <Link to={`/order/${order.id}`}>{order.description}</Link> · {formatKopecks(order.amount)}
      </p>
      {note !== null && <p className={styles.note}>{note}</p>}
    </>
  );
}

function MoreToast({ count }: { count: number }): ReactElement {
  const { t } = useI18n();
  return <p className={styles.line}>{t.toasts.more(count)}</p>;
}

import { memo, type ReactElement } from "react";
import { Link } from "react-router";
import type { NewOrder, Order } from "../api/gozon.ts";
import { useI18n } from "../i18n/context.ts";
import { formatKopecks } from "../money.ts";
import { lookOf, noteOn } from "../ui/orderLooks.ts";
import { StatusBadge, StatusSign } from "../ui/StatusBadge.tsx";
import styles from "./OrderList.module.css";

/** One order in the list. Only the row that a change is about is drawn again. */
export const OrderRow = memo(function OrderRow({ order }: { order: Order }): ReactElement {
  const { t, format } = useI18n();
  const { tone, sign, words } = lookOf(order, t);
  const note = noteOn(order, t);
  return (
    <li>
      <Link to={`/order/${order.id}`} className={styles.row} data-order={order.id} data-status={order.status}>
        {/* A change of state flashes once: a new key is a new element, and its animation starts over. */}
        <span key={words} className={styles.sign} data-tone={tone}>
          <StatusSign sign={sign} />
        </span>
        <span className={styles.what}>
          <span className={styles.description}>{order.description}</span>
          <span className={styles.note}>
            <time dateTime={order.created_at}>{format.brief(order.created_at)}</time>
            {note !== null && ` · ${note}`}
          </span>
        </span>
        <span className={styles.end}>
          <span className={styles.amount}>{formatKopecks(order.amount)}</span>
          <StatusBadge order={order} />
        </span>
      </Link>
    </li>
  );
});

/** An order that is on its way to the API. */
export function SendingRow({ order }: { order: NewOrder }): ReactElement {
  const { t } = useI18n();
  return (
    <li className={styles.row} data-sending="true">
      <span className={styles.sign} data-tone="wait">
        <StatusSign sign="wait" />
      </span>
      <span className={styles.what}>
        <span className={styles.description}>{order.description}</span>
        <span className={styles.note}>{t.orders.sending}</span>
      </span>
      <span className={styles.end}>
        <span className={styles.amount}>{formatKopecks(order.amount)}</span>
      </span>
    </li>
  );
}

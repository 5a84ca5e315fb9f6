import type { ReactElement } from "react";
import type { Order } from "../api/gozon.ts";
import { useOrder } from "../data/orders.ts";
import { useI18n } from "../i18n/context.ts";
import { ConnectionIndicator } from "../live/ConnectionIndicator.tsx";
import { useLive } from "../live/context.ts";
import { useWatchedOrders } from "../live/useWatchedOrders.ts";
import { formatKopecks } from "../money.ts";
import { Card } from "../ui/Card.tsx";
import { CopyId } from "../ui/CopyId.tsx";
import { ErrorNotice, StaleNotice } from "../ui/ErrorNotice.tsx";
import { Loading } from "../ui/Loading.tsx";
import { noteOn } from "../ui/orderLooks.ts";
import { PageHead } from "../ui/PageHead.tsx";
import { StatusBadge } from "../ui/StatusBadge.tsx";
import { useUser } from "../user/context.ts";
import { CancelOrder } from "./CancelOrder.tsx";
import { OrderTimeline } from "./OrderTimeline.tsx";
import styles from "./order.module.css";

/** One order, whole: what it is, what became of it and why. */
export function OrderStatus({ orderId }: { orderId: string }): ReactElement {
  const { t } = useI18n();
  const { data: order, error, refetch } = useOrder(orderId);
  const retry = () => void refetch();
  if (order) return <Whole order={order} stale={<StaleNotice error={error} onRetry={retry} />} />;
  return (
    <Card title={t.order.title}>
      {error ? (
        <ErrorNotice error={error} {...(!error.isDefinite && { onRetry: retry })} />
      ) : (
        <Loading what={t.order.what} lines={4} />
      )}
    </Card>
  );
}

function Whole({ order, stale }: { order: Order; stale: ReactElement }): ReactElement {
  const { t, format } = useI18n();
  const { userId } = useUser();
  const { connection } = useLive();
  const isOurs = order.user_id === userId;
  const watched = useWatchedOrders(isOurs ? null : order.user_id);
  const note = noteOn(order, t);
  return (
    <>
      <PageHead title={order.description}>
        <ConnectionIndicator state={isOurs ? connection.state : watched.state} />
      </PageHead>
      <div className={styles.columns}>
        <Card title={t.order.status} aside={<StatusBadge order={order} />}>
          <p className={styles.amount}>{formatKopecks(order.amount)}</p>
          {note !== null && (
            <p className={styles.note}>
              {note}
              {note === t.cancel.requested && `. ${t.cancel.requestedHint}`}
            </p>
          )}
          {stale}
          <dl className={styles.facts}>
            <dt>{t.order.created}</dt>
            <dd>
              <time dateTime={order.created_at}>{format.whole(order.created_at)}</time>
            </dd>
            <dt>{t.order.updated}</dt>
            <dd>
              <time dateTime={order.updated_at}>{format.whole(order.updated_at)}</time>
            </dd>
            <dt>{t.order.idLabel}</dt>
            <dd>
              <CopyId id={order.id} what={t.order.id} whole />
            </dd>
            <dt>{t.order.userLabel}</dt>
            <dd>
              <CopyId id={order.user_id} what={t.user.id} whole />
            </dd>
          </dl>
          {!isOurs && <p className={styles.hint}>{t.order.notYours}</p>}
          <CancelOrder order={order} />
        </Card>
        <OrderTimeline order={order} />
      </div>
    </>
  );
}

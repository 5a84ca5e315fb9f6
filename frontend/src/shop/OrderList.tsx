import { Button } from "@mantine/core";
import type { ReactElement } from "react";
import { useOrders } from "../data/orders.ts";
import { usePlacing } from "../data/placing.ts";
import { useI18n } from "../i18n/context.ts";
import { Card } from "../ui/Card.tsx";
import { Empty } from "../ui/Empty.tsx";
import { ErrorNotice, StaleNotice } from "../ui/ErrorNotice.tsx";
import { FOCUS } from "../ui/focus.ts";
import { BoxIcon } from "../ui/icons.tsx";
import { Loading } from "../ui/Loading.tsx";
import { moveBetweenLinks } from "../ui/moveBetweenLinks.ts";
import { OrderRow, SendingRow } from "./OrderRow.tsx";
import styles from "./OrderList.module.css";

/** The user's orders, newest first; each leads to its own page. */
export function OrderList({ userId }: { userId: string }): ReactElement {
  const { t } = useI18n();
  const { orders, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useOrders(userId);
  const sending = usePlacing(userId);
  const isEmpty = orders?.length === 0 && sending.length === 0;
  const retry = () => void refetch();
  return (
    <Card title={t.orders.title}>
      {orders === undefined && error === null && <Loading what={t.orders.what} lines={4} height={56} />}
      {orders === undefined && error !== null && <ErrorNotice error={error} onRetry={retry} />}
      {orders !== undefined && <StaleNotice error={error} onRetry={retry} />}
      {isEmpty && (
        <Empty icon={<BoxIcon />} title={t.orders.none}>
          {t.orders.noneHint}
        </Empty>
      )}
      {orders !== undefined && !isEmpty && (
        <ul id={FOCUS.orders} className={styles.list} onKeyDown={moveBetweenLinks}>
          {sending.map((order, index) => (
            <SendingRow key={index} order={order} />
          ))}
          {orders.map((order) => (
            <OrderRow key={order.id} order={order} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t.loadMore}
        </Button>
      )}
    </Card>
  );
}

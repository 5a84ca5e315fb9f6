import type { ReactElement } from "react";
import type { Order } from "../api/gozon.ts";
import { formatKopecks } from "../money.ts";
import type { OrdersQuery } from "../queries.ts";
import { briefTime } from "../time.ts";
import { Button } from "../ui/Button.tsx";
import { BoxIcon } from "../ui/icons.tsx";
import { Empty, ErrorNotice, Loading, StaleNotice } from "../ui/Notices.tsx";
import { deliveryInWords } from "../ui/orderWords.ts";
import { StatusBadge } from "../ui/StatusBadge.tsx";

interface Props {
  query: OrdersQuery;
  selectedId: string | null;
  onSelect: (orderId: string) => void;
}

/** The user's orders, newest first; one of them can be opened. */
export function OrderList({ query, selectedId, onSelect }: Props): ReactElement {
  const { data: orders, error, hasNextPage, isFetchingNextPage } = query;
  return (
    <section className="card" aria-labelledby="orders">
      <h2 id="orders">Orders</h2>
      {orders === undefined && error === null && <Loading what="the orders" lines={4} />}
      {orders === undefined && error !== null && <ErrorNotice error={error} onRetry={() => void query.refetch()} />}
      {orders !== undefined && <StaleNotice error={error} />}
      {orders?.length === 0 && (
        <Empty icon={<BoxIcon />} title="No orders yet">
          The first one will show up here, and you can watch it get paid.
        </Empty>
      )}
      {orders !== undefined && orders.length > 0 && (
        <ul className="orders">
          {orders.map((order) => (
            <OrderRow key={order.id} order={order} isSelected={order.id === selectedId} onSelect={onSelect} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button look="quiet" busy={isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Load more
        </Button>
      )}
    </section>
  );
}

interface RowProps {
  order: Order;
  isSelected: boolean;
  onSelect: (orderId: string) => void;
}

function OrderRow({ order, isSelected, onSelect }: RowProps): ReactElement {
  return (
    <li>
      <button
        type="button"
        className="order-row"
        aria-current={isSelected ? "true" : undefined}
        onClick={() => onSelect(order.id)}
      >
        <span className="order-what">
          <span className="order-description">{order.description}</span>
          <span className="order-when">
            <time dateTime={order.created_at}>{briefTime(order.created_at)}</time>
            {order.delivery_status && ` · ${deliveryInWords(order.delivery_status)}`}
          </span>
        </span>
        <span className="order-how-much">
          <span className="amount">{formatKopecks(order.amount)}</span>
          <StatusBadge status={order.status} />
        </span>
      </button>
    </li>
  );
}

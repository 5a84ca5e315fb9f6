import type { ReactElement, ReactNode } from "react";
import type { DeliveryStatus, Order } from "../api/gozon.ts";
import { formatKopecks } from "../money.ts";
import { useOrder } from "../queries.ts";
import { elapsed, wholeTime } from "../time.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { CheckIcon, ClockIcon, CrossIcon, TruckIcon } from "../ui/icons.tsx";
import { Empty, ErrorNotice, Loading, StaleNotice } from "../ui/Notices.tsx";
import { deliveryInWords, reasonInWords } from "../ui/orderWords.ts";
import { StatusBadge } from "../ui/StatusBadge.tsx";

interface Props {
  orderId: string | null;
  /** The order as the list has it, if it does. */
  listed: Order | undefined;
  onClose: () => void;
}

/** One order, whole: what it is, what became of it and why. */
export function OrderStatus({ orderId, listed, onClose }: Props): ReactElement {
  return (
    <section className="card order-status" aria-labelledby="order-status">
      <header className="card-header">
        <h2 id="order-status">Order</h2>
        {orderId !== null && (
          <button type="button" className="icon-button" aria-label="Close the order" title="Close" onClick={onClose}>
            <CrossIcon />
          </button>
        )}
      </header>
      {orderId === null ? (
        <Empty icon={<ClockIcon />} title="No order chosen">
          Choose one from the list to see it whole.
        </Empty>
      ) : (
        <Chosen key={orderId} orderId={orderId} listed={listed} />
      )}
    </section>
  );
}

function Chosen({ orderId, listed }: { orderId: string; listed: Order | undefined }): ReactElement {
  const { order, error, refetch } = useOrder(orderId, listed);
  if (order) return <Details order={order} stale={<StaleNotice error={error} />} />;
  if (error) return <ErrorNotice error={error} {...(!error.isDefinite && { onRetry: refetch })} />;
  return <Loading what="the order" lines={5} />;
}

function Details({ order, stale }: { order: Order; stale: ReactNode }): ReactElement {
  return (
    <div className="stack">
      <div className="order-summary">
        <p className="order-amount">{formatKopecks(order.amount)}</p>
        <StatusBadge status={order.status} />
      </div>
      <p className="order-text">{order.description}</p>
      {stale}
      <ol className="steps">
        <Step icon={<CheckIcon />} look="done" title="Placed" note={<Time at={order.created_at} />} />
        <PaymentStep order={order} />
        {order.delivery_status && <DeliveryStep status={order.delivery_status} at={order.updated_at} />}
      </ol>
      <dl className="facts">
        <dt>Order id</dt>
        <dd>
          <span className="mono">{order.id}</span>
          <CopyButton text={order.id} what="the order id" />
        </dd>
        <dt>Last change</dt>
        <dd>
          <Time at={order.updated_at} />
        </dd>
      </dl>
    </div>
  );
}

function PaymentStep({ order }: { order: Order }): ReactElement {
  // Once it is on its way, the time of the last change is no longer the time of the payment.
  const took = order.delivery_status === null && `after ${elapsed(order.created_at, order.updated_at)}`;
  switch (order.status) {
    case "FINISHED":
      return <Step icon={<CheckIcon />} look="done" title="Paid" note={took} />;
    case "CANCELLED":
      return (
        <Step
          icon={<CrossIcon />}
          look="failed"
          title="Cancelled"
          note={order.cancel_reason ? reasonInWords(order.cancel_reason) : took}
        />
      );
    case "NEW":
      return (
        <Step
          icon={<span className="spinner" />}
          look="current"
          title="Payment"
          note="Waiting for the account to be charged"
        />
      );
  }
}

function DeliveryStep({ status, at }: { status: DeliveryStatus; at: string }): ReactElement {
  const isDone = status === "DELIVERED";
  return (
    <Step
      icon={isDone ? <CheckIcon /> : <TruckIcon />}
      look={isDone ? "done" : "current"}
      title={deliveryInWords(status)}
      note={<Time at={at} />}
    />
  );
}

interface StepProps {
  icon: ReactNode;
  look: "done" | "current" | "failed";
  title: string;
  note: ReactNode;
}

function Step({ icon, look, title, note }: StepProps): ReactElement {
  return (
    <li className={`step step-${look}`}>
      <span className="step-icon" aria-hidden="true">
        {icon}
      </span>
      <span>
        <span className="step-title">{title}</span>
        <span className="step-note">{note}</span>
      </span>
    </li>
  );
}

function Time({ at }: { at: string }): ReactElement {
  return <time dateTime={at}>{wholeTime(at)}</time>;
}

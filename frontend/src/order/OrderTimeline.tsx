import type { ReactElement, ReactNode } from "react";
import type { Order, Step } from "../api/gozon.ts";
import { useTimeline } from "../data/orders.ts";
import { useI18n } from "../i18n/context.ts";
import type { Messages } from "../i18n/en.ts";
import { Card } from "../ui/Card.tsx";
import { CopyId } from "../ui/CopyId.tsx";
import { ErrorNotice, StaleNotice } from "../ui/ErrorNotice.tsx";
import { CheckIcon, ClockIcon, CrossIcon, RefundIcon, SpinnerIcon, TruckIcon } from "../ui/icons.tsx";
import { Loading } from "../ui/Loading.tsx";
import styles from "./OrderTimeline.module.css";

/** What has happened to an order and when, and what it waits for. */
export function OrderTimeline({ order }: { order: Order }): ReactElement {
  const { t } = useI18n();
  const { data, error, refetch } = useTimeline(order.id);
  const retry = () => void refetch();
  const next = nextOf(order, t);
  return (
    <Card title={t.timeline.title}>
      {data === undefined && error === null && <Loading what={t.timeline.what} lines={4} />}
      {data === undefined && error !== null && <ErrorNotice error={error} onRetry={retry} />}
      {data !== undefined && (
        <>
          <StaleNotice error={error} onRetry={retry} />
          <ol className={styles.steps}>
            {data.steps.map((step, index) => (
              <Happened key={`${step.step} ${step.at}`} step={step} before={data.steps[index - 1]} />
            ))}
            {next !== null && (
              <li className={styles.step} data-tone="wait">
                <span className={styles.sign}>
                  <SpinnerIcon />
                </span>
                <span className={styles.title}>{next}</span>
              </li>
            )}
          </ol>
        </>
      )}
    </Card>
  );
}

function Happened({ step, before }: { step: Step; before: Step | undefined }): ReactElement {
  const { t, format } = useI18n();
  const [tone, sign] = looksOf(step);
  // Settling repeats what was decided.
  const reason = step.reason === before?.reason ? null : reasonOf(step, t);
  const since = before && Date.parse(step.at) - Date.parse(before.at);
  return (
    <li className={styles.step} data-tone={tone} data-step={step.step}>
      <span className={styles.sign}>{sign}</span>
      <span className={styles.title}>{t.timeline.steps[step.step]}</span>
      <span className={styles.note}>
        <time dateTime={step.at} title={format.whole(step.at)}>
          {format.clock(step.at)}
        </time>
        {since !== undefined && since >= 0 && ` · ${t.timeline.after(format.duration(since))}`}
      </span>
      {reason !== null && <span className={styles.reason}>{reason}</span>}
      {step.event_id !== null && (
        <span className={styles.note}>
          {t.timeline.event} <CopyId id={step.event_id} what={t.timeline.event} />
        </span>
      )}
    </li>
  );
}

function looksOf({ step, reason }: Step): ["done" | "bad" | "wait", ReactNode] {
  if (reason !== null && reason !== "PAID") return ["bad", <CrossIcon />];
  switch (step) {
    case "CANCEL_REQUESTED":
      return ["wait", <ClockIcon />];
    case "REFUNDED":
      return ["done", <RefundIcon />];
    case "SHIPPED":
      return ["done", <TruckIcon />];
    default:
      return ["done", <CheckIcon />];
  }
}

/** A reason that this page does not know yet is shown as it came. */
function reasonOf({ reason }: Step, t: Messages): string | null {
  if (reason === null) return null;
  const words: Partial<Record<string, string>> = { ...t.reasons, PAID: t.timeline.paid };
  return words[reason] ?? reason;
}

function nextOf({ status, cancel_requested_at, delivery_status }: Order, t: Messages): string | null {
  if (status === "CANCELLED" || delivery_status === "DELIVERED") return null;
  if (cancel_requested_at !== null) return t.timeline.ahead.cancelling;
  if (status === "NEW") return t.timeline.ahead.NEW;
  return delivery_status === "SHIPPED" ? t.timeline.ahead.SHIPPED : t.timeline.ahead.PENDING;
}

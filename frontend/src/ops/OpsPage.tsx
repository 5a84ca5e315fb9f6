import { Alert } from "@mantine/core";
import type { ReactElement } from "react";
import type { OutboxOverview, QueueOverview } from "../api/gozon.ts";
import { useOrdersOverview, usePaymentsOverview, type Watched } from "./overview.ts";
import { useI18n } from "../i18n/context.ts";
import { AlertIcon } from "../ui/icons.tsx";
import { PageHead } from "../ui/PageHead.tsx";
import { useTitle } from "../ui/useTitle.ts";
import { Figure } from "./Figure.tsx";
import type { Series } from "./lines.ts";
import styles from "./ops.module.css";

/** How the system is doing, for those who run it. */
export default function OpsPage(): ReactElement {
  const { t, format } = useI18n();
  const orders = useOrdersOverview();
  const payments = usePaymentsOverview();
  useTitle(t.titles.ops);

  const { hints } = t.ops;
  const ofBoth = (pick: (overview: Both) => number | null): Series[] => [
    series(t.ops.orders, orders, pick),
    series(t.ops.payments, payments, pick),
  ];
  const ms = (value: number) => format.duration(value);
  const count = (value: number) => format.number(value);
  return (
    <>
      <PageHead title={t.ops.title} lead={t.ops.lead} />
      <Trouble service={t.ops.ordersService} watched={orders} />
      <Trouble service={t.ops.paymentsService} watched={payments} />
      <div className={styles.figures}>
        <Figure
          title={t.ops.perSecond}
          hint={hints.perSecond}
          show={count}
          series={[series(t.ops.rate, orders, ({ orders_per_second }) => orders_per_second)]}
        />
        <Figure
          title={t.ops.timeToFinal}
          hint={hints.timeToFinal}
          show={ms}
          series={[
            series(t.ops.median, orders, ({ time_to_final_ms }) => time_to_final_ms.p50),
            series(t.ops.p99, orders, ({ time_to_final_ms }) => time_to_final_ms.p99),
          ]}
        />
        <Figure
          title={t.ops.outboxAge}
          hint={hints.outboxAge}
          show={ms}
          // An empty outbox keeps nobody waiting.
          series={ofBoth(({ outbox }) => outbox.oldest_age_ms ?? 0)}
        />
        <Figure
          title={t.ops.outboxDepth}
          hint={hints.outboxDepth}
          show={(value) => (value >= MOST_COUNTED ? t.ops.atMost : count(value))}
          series={ofBoth(({ outbox }) => outbox.messages)}
        />
        <Figure
          title={t.ops.queueDepth}
          hint={hints.queueDepth}
          show={count}
          series={ofBoth(({ queue }) => queue.messages)}
        />
        <Figure
          title={t.ops.deadLetters}
          hint={hints.deadLetters}
          show={count}
          series={ofBoth(({ queue }) => queue.dead_letters)}
          isBad={(value) => value > 0}
        />
      </div>
    </>
  );
}

/** The API counts an outbox up to here. */
const MOST_COUNTED = 10_000;

/** What both services tell of themselves. */
interface Both {
  outbox: OutboxOverview;
  queue: QueueOverview;
}

function series<Overview>(
  name: string,
  { samples }: Watched<Overview>,
  pick: (overview: Overview) => number | null,
): Series {
  return { name, points: samples.map(({ at, overview }) => ({ at, value: pick(overview) })) };
}

/** Says that a service's figures have stopped, or that it can't see its broker. */
function Trouble({ service, watched }: { service: string; watched: Watched<Both> }): ReactElement | null {
  const { t } = useI18n();
  const isBrokerAway = watched.samples.at(-1)?.overview.queue.messages === null;
  if (watched.error === null && !isBrokerAway) return null;
  return (
    <Alert className={styles.trouble} role="alert" color="bad" variant="light" icon={<AlertIcon />} title={service}>
      <span className={styles.words}>
        {watched.error ? `${t.problems[watched.error.code]}. ${t.ops.staleHint}` : t.ops.brokerAway}
      </span>
    </Alert>
  );
}

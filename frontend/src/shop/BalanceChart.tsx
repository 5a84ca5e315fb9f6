import { useState, type PointerEvent, type ReactElement } from "react";
import { useLedger } from "../data/account.ts";
import { useI18n } from "../i18n/context.ts";
import { formatKopecks } from "../money.ts";
import { changesOf, frameOf, stepLine, xOf, yOf, type Change } from "./stepLine.ts";
import styles from "./BalanceChart.module.css";

const WIDTH = 320;
const HEIGHT = 88;

/** The balance over time, as far back as the ledger is loaded; what the picture shows the ledger says in words. */
export default function BalanceChart({ billId }: { billId: string }): ReactElement {
  const { t, format } = useI18n();
  const { entries, dataUpdatedAt } = useLedger(billId);
  const [pointed, setPointed] = useState<Change | null>(null);

  const changes = changesOf(entries ?? []);
  const [first] = changes;
  if (!first) return <p className={styles.empty}>{entries && t.chart.empty}</p>;

  const frame = frameOf(changes, dataUpdatedAt, WIDTH, HEIGHT);
  const line = stepLine(changes, frame);
  const latest = changes.at(-1) ?? first;
  const shown = pointed ?? latest;
  const summary = t.chart.summary(changes.length - 1, formatKopecks(first.balance), formatKopecks(latest.balance));

  const point = (event: PointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const at = frame.from + ((event.clientX - left) / width) * (frame.to - frame.from);
    setPointed(changes.findLast((change) => change.at <= at) ?? first);
  };
  return (
    <figure className={styles.chart}>
      <svg
        viewBox={`0 -4 ${WIDTH} ${HEIGHT + 8}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${t.chart.title}: ${summary}`}
        onPointerMove={point}
        onPointerLeave={() => setPointed(null)}
      >
        <path className={styles.area} d={`${line}V${HEIGHT}H0Z`} />
        <path className={styles.line} d={line} />
        {pointed && (
          <line className={styles.cursor} x1={xOf(frame, pointed.at)} x2={xOf(frame, pointed.at)} y1={-4} y2={HEIGHT} />
        )}
        <line
          className={styles.dot}
          x1={xOf(frame, pointed ? pointed.at : frame.to)}
          x2={xOf(frame, pointed ? pointed.at : frame.to)}
          y1={yOf(frame, shown.balance)}
          y2={yOf(frame, shown.balance)}
        />
      </svg>
      <figcaption className={styles.caption}>
        <span>{format.brief(new Date(pointed ? pointed.at : frame.from).toISOString())}</span>
        <span>{pointed ? formatKopecks(pointed.balance) : t.ops.now}</span>
      </figcaption>
    </figure>
  );
}

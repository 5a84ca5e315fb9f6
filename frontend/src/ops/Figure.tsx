import type { ReactElement } from "react";
import { useI18n } from "../i18n/context.ts";
import { Card } from "../ui/Card.tsx";
import { highestOf, latestOf, linePath, roundUp, type Series } from "./lines.ts";
import styles from "./ops.module.css";

const SIZE = { width: 320, height: 96 };

interface Props {
  title: string;
  hint: string;
  series: readonly Series[];
  /** A value with its unit. */
  show: (value: number) => string;
  /** Whether a value calls for someone. */
  isBad?: (value: number) => boolean;
}

/** One figure: now, in words, and over the last two minutes, as lines told apart by colour and dashes. */
export function Figure({ title, hint, series, show, isBad = () => false }: Props): ReactElement {
  const { t } = useI18n();
  const highest = highestOf(series);
  const top = roundUp(highest);
  const now = Math.max(...series.map(({ points }) => points.at(-1)?.at ?? 0));
  const say = (value: number | null) => (value === null ? "–" : show(value));
  const latest = series.map((one) => `${one.name} ${say(latestOf(one))}`).join(", ");
  return (
    <Card title={title}>
      <p className={styles.hint}>{hint}</p>
      <dl className={styles.legend}>
        {series.map((one, index) => {
          const value = latestOf(one);
          return (
            <div key={one.name} data-bad={value !== null && isBad(value)}>
              <dt>
                <svg className={styles.swatch} viewBox="0 0 18 4" aria-hidden="true" focusable="false">
                  <path className={styles.line} data-series={index} d="M0 2H18" />
                </svg>
                {one.name}
              </dt>
              <dd>{say(value)}</dd>
            </div>
          );
        })}
      </dl>
      <div className={styles.plot}>
        <svg
          viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={t.ops.chart(title, latest, show(highest))}
        >
          <path
            className={styles.grid}
            d={`M0 0H${SIZE.width}M0 ${SIZE.height / 2}H${SIZE.width}M0 ${SIZE.height}H${SIZE.width}`}
          />
          {series.map((one, index) => (
            <path key={one.name} className={styles.line} data-series={index} d={linePath(one.points, SIZE, now, top)} />
          ))}
        </svg>
        <span className={styles.top}>{show(top)}</span>
      </div>
      <p className={styles.axis}>
        <span>{t.ops.minutesAgo(2)}</span>
        <span>{t.ops.now}</span>
      </p>
    </Card>
  );
}

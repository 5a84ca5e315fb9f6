import { Badge } from "@mantine/core";
import type { ReactElement } from "react";
import type { Order } from "../api/gozon.ts";
import { useI18n } from "../i18n/context.ts";
import { CheckIcon, CrossIcon, SpinnerIcon, TruckIcon } from "./icons.tsx";
import { lookOf, type Look } from "./orderLooks.ts";
import styles from "./StatusBadge.module.css";

const SIGNS: Record<Look["sign"], () => ReactElement> = {
  wait: SpinnerIcon,
  done: CheckIcon,
  truck: TruckIcon,
  cross: CrossIcon,
};

export function StatusSign({ sign }: { sign: Look["sign"] }): ReactElement {
  const Sign = SIGNS[sign];
  return <Sign />;
}

/** How far the order has come, by word, sign and colour. */
export function StatusBadge({ order }: { order: Order }): ReactElement {
  const { t } = useI18n();
  const { tone, sign, words } = lookOf(order, t);
  return (
    <Badge className={styles.badge} color={tone} leftSection={<StatusSign sign={sign} />} data-status={order.status}>
      {words}
    </Badge>
  );
}

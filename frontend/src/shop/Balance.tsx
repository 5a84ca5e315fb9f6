import { Skeleton } from "@mantine/core";
import { lazy, Suspense, type ReactElement } from "react";
import type { ApiError } from "../api/error.ts";
import type { Account } from "../api/gozon.ts";
import { useI18n } from "../i18n/context.ts";
import { formatKopecks } from "../money.ts";
import { CopyId } from "../ui/CopyId.tsx";
import { StaleNotice } from "../ui/ErrorNotice.tsx";
import styles from "./Balance.module.css";

const BalanceChart = lazy(() => import("./BalanceChart.tsx"));

/** Up to this many characters fit in large type. */
const ROOMY = 14;

interface Props {
  account: Account;
  /** Why it could not be refreshed. */
  stale: ApiError | null;
  onRetry: () => void;
}

/** How much money is on the account, and how that came about. */
export function Balance({ account, stale, onRetry }: Props): ReactElement {
  const { t } = useI18n();
  const amount = formatKopecks(account.balance);
  return (
    <section className={styles.wallet} aria-labelledby="balance">
      <h2 id="balance" className={styles.title}>
        {t.account.balance}
      </h2>
      <p className={styles.amount} data-long={amount.length > ROOMY} data-testid="balance">
        {amount}
      </p>
      <Suspense fallback={<Skeleton className={styles.waiting} />}>
        <BalanceChart billId={account.bill_id} />
      </Suspense>
      <p className={styles.account}>
        {t.account.label} <CopyId id={account.bill_id} what={t.account.id} />
      </p>
      <StaleNotice error={stale} onRetry={onRetry} />
    </section>
  );
}

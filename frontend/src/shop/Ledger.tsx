import { Button } from "@mantine/core";
import { memo, type ReactElement } from "react";
import { Link } from "react-router";
import type { Transaction } from "../api/gozon.ts";
import { useLedger } from "../data/account.ts";
import { useI18n } from "../i18n/context.ts";
import { formatKopecks } from "../money.ts";
import { Card } from "../ui/Card.tsx";
import { Empty } from "../ui/Empty.tsx";
import { ErrorNotice, StaleNotice } from "../ui/ErrorNotice.tsx";
import { BoxIcon, PlusIcon, RefundIcon, WalletIcon } from "../ui/icons.tsx";
import { Loading } from "../ui/Loading.tsx";
import styles from "./Ledger.module.css";

/** Every change of the balance, newest first. */
export function Ledger({ billId }: { billId: string }): ReactElement {
  const { t } = useI18n();
  const { entries, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useLedger(billId);
  const retry = () => void refetch();
  return (
    <Card title={t.ledger.title}>
      {entries === undefined && error === null && <Loading what={t.ledger.what} lines={3} />}
      {entries === undefined && error !== null && <ErrorNotice error={error} onRetry={retry} />}
      {entries !== undefined && <StaleNotice error={error} onRetry={retry} />}
      {entries?.length === 0 && (
        <Empty icon={<WalletIcon />} title={t.ledger.none}>
          {t.ledger.noneHint}
        </Empty>
      )}
      {entries !== undefined && entries.length > 0 && (
        // It scrolls on its own beside the orders, so a keyboard must be able to get at it.
        <ul className={styles.list} tabIndex={0}>
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} />
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

const Entry = memo(function Entry({ entry }: { entry: Transaction }): ReactElement {
  const { t, format } = useI18n();
  const isCredit = entry.type === "CREDIT";
  const isRefund = isCredit && entry.order_id !== null;
  const [words, Sign] = isRefund
    ? [t.ledger.refund, RefundIcon]
    : isCredit
      ? [t.ledger.topUp, PlusIcon]
      : [t.ledger.payment, BoxIcon];
  return (
    <li className={styles.entry} data-type={entry.type}>
      <span className={styles.sign}>
        <Sign />
      </span>
      <span className={styles.what}>
        <span className={styles.words}>{words}</span>
        <span className={styles.note}>
          <time dateTime={entry.created_at}>{format.brief(entry.created_at)}</time>
          {entry.order_id !== null && (
            <>
              {" · "}
              <Link to={`/order/${entry.order_id}`}>{t.ledger.forOrder(entry.order_id.slice(-4))}</Link>
            </>
          )}
        </span>
      </span>
      <span className={styles.end}>
        <span className={styles.amount}>
          {isCredit ? "+" : "−"}
          {formatKopecks(entry.amount)}
        </span>
        <span className={styles.note}>{t.ledger.after(formatKopecks(entry.balance_after))}</span>
      </span>
    </li>
  );
});

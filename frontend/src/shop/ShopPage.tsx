import { useState, type ReactElement } from "react";
import { useAccount } from "../data/account.ts";
import { useI18n } from "../i18n/context.ts";
import { ConnectionIndicator } from "../live/ConnectionIndicator.tsx";
import { useLive } from "../live/context.ts";
import { PageHead } from "../ui/PageHead.tsx";
import { useTitle } from "../ui/useTitle.ts";
import { useUser } from "../user/context.ts";
import { UserChip } from "../user/UserChip.tsx";
import { UserIdForm } from "../user/UserIdForm.tsx";
import { Welcome } from "../user/Welcome.tsx";
import { Balance } from "./Balance.tsx";
import { CreateAccount } from "./CreateAccount.tsx";
import { CreateOrder } from "./CreateOrder.tsx";
import { Ledger } from "./Ledger.tsx";
import { OrderList } from "./OrderList.tsx";
import { TopUp } from "./TopUp.tsx";
import styles from "./ShopPage.module.css";

/** The shop for one user, or the question who that is. */
export function ShopPage(): ReactElement {
  const { t } = useI18n();
  const { userId, choose } = useUser();
  const [isChanging, setIsChanging] = useState(false);
  useTitle(t.titles.shop);

  if (userId === null || isChanging) {
    const chosen = (next: string) => {
      choose(next);
      setIsChanging(false);
    };
    return (
      <Welcome>
        <UserIdForm
          current={userId}
          onChosen={chosen}
          onCancel={userId === null ? undefined : () => setIsChanging(false)}
        />
      </Welcome>
    );
  }
  return <Shop key={userId} userId={userId} onChangeUser={() => setIsChanging(true)} />;
}

function Shop({ userId, onChangeUser }: { userId: string; onChangeUser: () => void }): ReactElement {
  const { t } = useI18n();
  const { connection } = useLive();
  const { data: account, error, refetch } = useAccount(userId);
  return (
    <>
      <PageHead title={t.nav.shop} aside={<UserChip userId={userId} onChange={onChangeUser} />}>
        <ConnectionIndicator state={connection.state} />
      </PageHead>
      <div className={styles.columns}>
        <div className={styles.wallet}>
          {account ? (
            <>
              <Balance account={account} stale={error} onRetry={() => void refetch()} />
              <TopUp billId={account.bill_id} />
            </>
          ) : (
            <CreateAccount userId={userId} account={account} error={error} onRetry={() => void refetch()} />
          )}
        </div>
        <div className={styles.orders}>
          <CreateOrder userId={userId} withoutAccount={account === null} />
          <OrderList userId={userId} />
        </div>
        {account && (
          <div className={styles.ledger}>
            <Ledger billId={account.bill_id} />
          </div>
        )}
      </div>
    </>
  );
}

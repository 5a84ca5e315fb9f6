import { useState, type ReactElement, type ReactNode } from "react";
import type { Order } from "./api/gozon.ts";
import { Balance } from "./components/Balance.tsx";
import { CreateOrder } from "./components/CreateOrder.tsx";
import { OpenAccount } from "./components/OpenAccount.tsx";
import { OrderList } from "./components/OrderList.tsx";
import { OrderStatus } from "./components/OrderStatus.tsx";
import { TopUp } from "./components/TopUp.tsx";
import { UserIdForm } from "./components/UserIdForm.tsx";
import { useAccount, useOrders, useSettledOrders } from "./queries.ts";
import { announce, announcementsProps } from "./ui/announce.ts";
import { CopyButton } from "./ui/CopyButton.tsx";
import { LogoMark, UserIcon } from "./ui/icons.tsx";
import { settledInWords } from "./ui/orderWords.ts";
import { Sheet } from "./ui/Sheet.tsx";
import { useMediaQuery } from "./ui/useMediaQuery.ts";
import { useSelectedOrder } from "./useSelectedOrder.ts";
import { useUserId } from "./useUserId.ts";
import { shortUuid } from "./uuid.ts";

/** Narrower, the chosen order has no column of its own; layout.css draws the same line. */
const NO_THIRD_COLUMN = "(max-width: 1119px)";

export function App(): ReactElement {
  const [userId, setUserId] = useUserId();
  const [isChanging, setIsChanging] = useState(false);
  const [selectedId, select] = useSelectedOrder();

  const choose = (next: string) => {
    if (next !== userId) select(null);
    setUserId(next);
    setIsChanging(false);
  };
  return (
    <>
      <header className="top">
        <div className="top-inner">
          <h1 className="logo">
            <LogoMark /> Gozon
          </h1>
          {userId !== null && !isChanging && <UserChip userId={userId} onChange={() => setIsChanging(true)} />}
        </div>
      </header>
      <main>
        {userId === null || isChanging ? (
          <Welcome>
            <UserIdForm
              current={userId}
              onChosen={choose}
              onCancel={userId === null ? undefined : () => setIsChanging(false)}
            />
          </Welcome>
        ) : (
          <Shop key={userId} userId={userId} selectedId={selectedId} select={select} />
        )}
      </main>
      <div {...announcementsProps} />
    </>
  );
}

function UserChip({ userId, onChange }: { userId: string; onChange: () => void }): ReactElement {
  return (
    <div className="chip">
      <UserIcon />
      <span className="mono chip-id" title={userId}>
        {shortUuid(userId)}
      </span>
      <CopyButton text={userId} what="the user id" />
      <button type="button" className="chip-change" onClick={onChange}>
        Change user
      </button>
    </div>
  );
}

function Welcome({ children }: { children: ReactNode }): ReactElement {
  return (
    <div className="welcome">
      <div className="welcome-words">
        <p className="welcome-title">
          Order it.
          <br />
          Watch it get paid.
        </p>
        <p>Open an account, top it up and place an order. It is paid before you look up.</p>
      </div>
      <div className="card">{children}</div>
    </div>
  );
}

interface ShopProps {
  userId: string;
  selectedId: string | null;
  select: (orderId: string | null) => void;
}

function Shop({ userId, selectedId, select }: ShopProps): ReactElement {
  const account = useAccount(userId);
  const orders = useOrders(userId);
  const watch = useSettledOrders(orders.data, announceSettled);

  const close = () => select(null);
  const placed = ({ id }: Order) => {
    watch(id);
    select(id);
  };
  const listed = orders.data?.find(({ id }) => id === selectedId);
  const status = <OrderStatus orderId={selectedId} listed={listed} onClose={close} />;
  const isSheet = useMediaQuery(NO_THIRD_COLUMN);
  return (
    <div className="columns">
      <div className="column column-wallet">
        {account.data ? (
          <>
            <Balance account={account.data} />
            <TopUp billId={account.data.bill_id} />
          </>
        ) : (
          <OpenAccount
            userId={userId}
            account={account.data}
            error={account.error}
            onRetry={() => void account.refetch()}
          />
        )}
      </div>
      <div className="column">
        <CreateOrder userId={userId} withoutAccount={account.data === null} onCreated={placed} />
        <OrderList query={orders} selectedId={selectedId} onSelect={select} />
      </div>
      {!isSheet && <div className="column column-status">{status}</div>}
      {isSheet && selectedId !== null && (
        <Sheet labelledBy="order-status" onClose={close}>
          {status}
        </Sheet>
      )}
    </div>
  );
}

function announceSettled(orders: Order[]): void {
  announce(orders.map(settledInWords).join(" "));
}

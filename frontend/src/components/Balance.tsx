import type { ReactElement } from "react";
import type { Account } from "../api/gozon.ts";
import { formatKopecks } from "../money.ts";
import { useBalance } from "../queries.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { StaleNotice } from "../ui/Notices.tsx";
import { shortUuid } from "../uuid.ts";

/** Up to this many characters fit in large type. */
const ROOMY = 14;

/** How much money is on the account. */
export function Balance({ account }: { account: Account }): ReactElement {
  const { data, error } = useBalance(account);
  const amount = formatKopecks(data.balance);
  return (
    <section className="wallet" aria-labelledby="balance">
      <h2 id="balance">Balance</h2>
      <p className={amount.length > ROOMY ? "wallet-amount wallet-amount-long" : "wallet-amount"} data-testid="balance">
        {amount}
      </p>
      <p className="wallet-account">
        <span>
          Account{" "}
          <span className="mono" title={account.bill_id}>
            {shortUuid(account.bill_id)}
          </span>
        </span>
        <CopyButton text={account.bill_id} what="the account id" />
      </p>
      <StaleNotice error={error} />
    </section>
  );
}

import type { ReactElement } from "react";
import { openAccount, type Account } from "../api/gozon.ts";
import type { ApiError } from "../api/http.ts";
import { useUpdates } from "../queries.ts";
import { announce } from "../ui/announce.ts";
import { Button } from "../ui/Button.tsx";
import { WalletIcon } from "../ui/icons.tsx";
import { Empty, ErrorNotice, Loading, SubmissionError } from "../ui/Notices.tsx";
import { useSubmission } from "../useSubmission.ts";

interface Props {
  userId: string;
  /** The user's account: `undefined` while unknown, `null` when there is none. */
  account: Account | null | undefined;
  error: ApiError | null;
  onRetry: () => void;
}

/** The way to a wallet: finds out whether there is an account, and offers to open one when there is none. */
export function OpenAccount({ userId, account, error, onRetry }: Props): ReactElement {
  const updates = useUpdates();
  const opening = useSubmission(
    ({ user }: { user: string }, key) => openAccount(user, key),
    async (opened) => {
      await updates.accountOpened(opened);
      announce("Account opened.");
    },
  );

  return (
    <section className="card" aria-labelledby="open-account">
      <h2 id="open-account">Account</h2>
      {account === undefined && error === null && <Loading what="the account" lines={3} />}
      {account === undefined && error !== null && <ErrorNotice error={error} onRetry={onRetry} />}
      {account === null && (
        <div className="stack">
          <Empty icon={<WalletIcon />} title="No account yet">
            Orders are paid from it. Opening one takes a moment.
          </Empty>
          <SubmissionError error={opening.error} />
          <Button onClick={() => opening.mutate({ user: userId })} busy={opening.isPending}>
            Open account
          </Button>
        </div>
      )}
    </section>
  );
}

import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { ReactElement } from "react";
import type { ApiError } from "../api/error.ts";
import { openAccount, type Account } from "../api/gozon.ts";
import { putAccount } from "../data/account.ts";
import { useSubmission } from "../forms/useSubmission.ts";
import { useI18n } from "../i18n/context.ts";
import { Card } from "../ui/Card.tsx";
import { Empty } from "../ui/Empty.tsx";
import { ErrorNotice, SubmissionError } from "../ui/ErrorNotice.tsx";
import { WalletIcon } from "../ui/icons.tsx";
import { Loading } from "../ui/Loading.tsx";
import { tellOfSuccess } from "../ui/toasts.ts";

interface Props {
  userId: string;
  /** The user's account: `undefined` while unknown, `null` when there is none. */
  account: Account | null | undefined;
  error: ApiError | null;
  onRetry: () => void;
}

/** The way to a wallet: finds out whether there is an account, and offers to open one when there is none. */
export function CreateAccount({ userId, account, error, onRetry }: Props): ReactElement {
  const { t } = useI18n();
  const client = useQueryClient();
  const opening = useSubmission({
    slot: `create-account:${userId}`,
    send: ({ user }: { user: string }, key) => openAccount(user, key),
    onDone: (opened) => {
      putAccount(client, opened);
      tellOfSuccess(t.account.opened);
    },
  });

  return (
    <Card title={t.account.title}>
      {account === undefined && error === null && <Loading what={t.account.what} lines={3} />}
      {account === undefined && error !== null && <ErrorNotice error={error} onRetry={onRetry} />}
      {account === null && (
        <>
          <Empty icon={<WalletIcon />} title={t.account.none}>
            {t.account.noneHint}
          </Empty>
          <SubmissionError error={opening.error} />
          <Button loading={opening.isPending} onClick={() => opening.mutate({ user: userId })}>
            {t.account.open}
          </Button>
        </>
      )}
    </Card>
  );
}

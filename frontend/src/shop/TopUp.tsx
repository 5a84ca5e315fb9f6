import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { deposit } from "../api/gozon.ts";
import { putAccount } from "../data/account.ts";
import { AmountField } from "../forms/AmountField.tsx";
import { depositSchema } from "../forms/schemas.ts";
import { Unanswered } from "../forms/Unanswered.tsx";
import { useSchemaForm } from "../forms/useSchemaForm.ts";
import { useSubmission } from "../forms/useSubmission.ts";
import { useI18n } from "../i18n/context.ts";
import { formatKopecks, roubles, type Kopecks } from "../money.ts";
import { Card } from "../ui/Card.tsx";
import { SubmissionError } from "../ui/ErrorNotice.tsx";
import { CheckIcon } from "../ui/icons.tsx";
import { FOCUS } from "../ui/focus.ts";
import styles from "../forms/forms.module.css";
import own from "./TopUp.module.css";

const SUGGESTIONS = ["500", "1 000", "5 000"];

/** Puts money on the account. */
export function TopUp({ billId }: { billId: string }): ReactElement {
  const { t } = useI18n();
  const client = useQueryClient();
  const topUp = useSubmission({
    slot: `top-up:${billId}`,
    send: ({ amount }: { amount: Kopecks }, key) => deposit(billId, amount, key),
    onDone: (account) => putAccount(client, account),
  });
  const { form, field, onSubmit } = useSchemaForm(depositSchema, {
    amount: topUp.unanswered ? roubles(topUp.unanswered.amount) : "",
  });
  const clear = () => form.setValues({ amount: "" });

  return (
    <Card title={t.topUp.title}>
      <form
        aria-label={t.topUp.title}
        className={styles.form}
        noValidate
        onSubmit={onSubmit((request) => {
          if (!topUp.isPending) topUp.mutate(request, { onSuccess: clear });
        })}
      >
        {topUp.unanswered && (
          <Unanswered
            onForget={() => {
              topUp.forget();
              clear();
            }}
          />
        )}
        <AmountField {...field("amount")} id={FOCUS.topUp} label={t.topUp.amount} />
        <div className={own.suggestions} role="group" aria-label={t.topUp.suggestions}>
          {SUGGESTIONS.map((suggestion) => (
            <Button
              key={suggestion}
              variant="default"
              size="compact-md"
              onClick={() => form.setFieldValue("amount", suggestion)}
            >
              {suggestion.replace(" ", "\u00a0")}
            </Button>
          ))}
        </div>
        <SubmissionError error={topUp.error} />
        <Button type="submit" variant="light" loading={topUp.isPending}>
          {t.topUp.submit}
        </Button>
        <p className={styles.done} role="status">
          {topUp.isSuccess && (
            <>
              <CheckIcon /> {t.topUp.done(formatKopecks(topUp.variables.amount))}
            </>
          )}
        </p>
      </form>
    </Card>
  );
}

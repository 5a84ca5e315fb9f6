import { Button, Textarea } from "@mantine/core";
import type { ReactElement } from "react";
import { createOrder, type NewOrder } from "../api/gozon.ts";
import { placing } from "../data/placing.ts";
import { AmountField } from "../forms/AmountField.tsx";
import { characters, MAX_DESCRIPTION, orderSchema } from "../forms/schemas.ts";
import { Unanswered } from "../forms/Unanswered.tsx";
import { useSchemaForm } from "../forms/useSchemaForm.ts";
import { useSubmission } from "../forms/useSubmission.ts";
import { useI18n } from "../i18n/context.ts";
import { useLive } from "../live/context.ts";
import { roubles } from "../money.ts";
import { Card } from "../ui/Card.tsx";
import { SubmissionError } from "../ui/ErrorNotice.tsx";
import { FOCUS } from "../ui/focus.ts";
import styles from "./CreateOrder.module.css";

/** From here on the room that is left is shown. */
const COUNT_FROM = MAX_DESCRIPTION - 100;

interface Props {
  userId: string;
  /** Known to have no account: the order can be placed all the same, and will be cancelled. */
  withoutAccount: boolean;
}

/** A new order: what, and for how much. It is in the list at once, see `usePlacing`. */
export function CreateOrder({ userId, withoutAccount }: Props): ReactElement {
  const { t } = useI18n();
  const { changes } = useLive();
  const ordering = useSubmission({
    slot: `create-order:${userId}`,
    mutationKey: placing(userId),
    send: (order: NewOrder, key) => createOrder(userId, order, key),
    onDone: changes.placed,
    onEnd: changes.placingEnded,
  });
  const { unanswered } = ordering;
  const { form, field, onSubmit } = useSchemaForm(orderSchema, {
    description: unanswered?.description ?? "",
    amount: unanswered ? roubles(unanswered.amount) : "",
  });
  const clear = () => form.setValues({ description: "", amount: "" });
  const length = characters(form.values.description);

  return (
    <Card title={t.newOrder.title}>
      <form
        aria-label={t.newOrder.title}
        className={styles.form}
        noValidate
        onSubmit={onSubmit((order) => {
          if (!ordering.isPending) ordering.mutate(order, { onSuccess: clear });
        })}
      >
        <Textarea
          {...field("description")}
          id={FOCUS.newOrder}
          className={styles.description}
          label={t.newOrder.description}
          description={length >= COUNT_FROM ? t.newOrder.length(length, MAX_DESCRIPTION) : undefined}
          inputWrapperOrder={["label", "input", "error", "description"]}
          placeholder={t.newOrder.placeholder}
          rows={1}
          autosize={false}
          onKeyDown={(event) => {
            // A description is a line or two: Enter sends, Shift+Enter begins the second.
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            event.currentTarget.form?.requestSubmit();
          }}
        />
        <AmountField {...field("amount")} className={styles.amount} label={t.newOrder.amount} />
        <Button className={styles.submit} type="submit" loading={ordering.isPending}>
          {t.newOrder.submit}
        </Button>
      </form>
      {unanswered && (
        <Unanswered
          onForget={() => {
            ordering.forget();
            clear();
          }}
        />
      )}
      {withoutAccount && <p className={styles.hint}>{t.newOrder.withoutAccount}</p>}
      <SubmissionError error={ordering.error} />
    </Card>
  );
}

import { useState, type ReactElement } from "react";
import { characters, createOrder, MAX_DESCRIPTION, type NewOrder, type Order } from "../api/gozon.ts";
import { parseRoubles } from "../money.ts";
import { useUpdates } from "../queries.ts";
import { AmountField } from "../ui/AmountField.tsx";
import { Button } from "../ui/Button.tsx";
import { Field } from "../ui/Field.tsx";
import { Form } from "../ui/Form.tsx";
import { SubmissionError } from "../ui/Notices.tsx";
import { useSubmission } from "../useSubmission.ts";

/** From here on the room that is left is shown. */
const COUNT_FROM = MAX_DESCRIPTION - 100;

interface Props {
  userId: string;
  /** Known to have no account: the order can be placed all the same, and will be cancelled. */
  withoutAccount: boolean;
  onCreated: (order: Order) => void;
}

interface Refusals {
  description?: string | undefined;
  amount?: string | undefined;
}

/** A new order: what, and for how much. */
export function CreateOrder({ userId, withoutAccount, onCreated }: Props): ReactElement {
  const [description, setDescription] = useState("");
  const [amount, setAmount] = useState("");
  const [refusals, setRefusals] = useState<Refusals>({});
  const updates = useUpdates();
  const ordering = useSubmission(
    ({ user, order }: { user: string; order: NewOrder }, key) => createOrder(user, order, key),
    async (created) => {
      setDescription("");
      setAmount("");
      await updates.orderCreated(created);
      onCreated(created);
    },
  );

  const edited = (field: keyof Refusals) => {
    setRefusals((before) => ({ ...before, [field]: undefined }));
    if (!ordering.isPending) ordering.reset();
  };
  const submit = () => {
    if (ordering.isPending) return;
    const parsed = parseRoubles(amount);
    const words = description.trim();
    const refused = { description: refuseDescription(words), amount: parsed.ok ? undefined : parsed.message };
    setRefusals(refused);
    if (parsed.ok && refused.description === undefined) {
      ordering.mutate({ user: userId, order: { amount: parsed.kopecks, description: words } });
    }
  };

  const length = characters(description);
  return (
    <section className="card" aria-labelledby="new-order">
      <h2 id="new-order">New order</h2>
      <Form aria-labelledby="new-order" className="order-form" onSubmit={submit}>
        <Field
          label="Description"
          error={refusals.description}
          hint={length >= COUNT_FROM ? `${length} of ${MAX_DESCRIPTION} characters` : undefined}
        >
          {(control) => (
            <textarea
              {...control}
              rows={1}
              value={description}
              onChange={(event) => {
                setDescription(event.target.value);
                edited("description");
              }}
              placeholder="Coffee beans, 1 kg"
            />
          )}
        </Field>
        <AmountField
          value={amount}
          onChange={(text) => {
            setAmount(text);
            edited("amount");
          }}
          error={refusals.amount}
        />
        <div className="order-form-end stack">
          {withoutAccount && <p className="hint">Without an account the order will be cancelled.</p>}
          <SubmissionError error={ordering.error} />
          <Button type="submit" busy={ordering.isPending}>
            Place order
          </Button>
        </div>
      </Form>
    </section>
  );
}

function refuseDescription(words: string): string | undefined {
  if (words === "") return "Say what you are ordering.";
  const length = characters(words);
  return length > MAX_DESCRIPTION ? `${length} characters; ${MAX_DESCRIPTION} at most.` : undefined;
}

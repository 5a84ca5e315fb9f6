import { useState, type ReactElement } from "react";
import { topUp } from "../api/gozon.ts";
import { formatKopecks, parseRoubles, type Kopecks } from "../money.ts";
import { useUpdates } from "../queries.ts";
import { AmountField } from "../ui/AmountField.tsx";
import { Button } from "../ui/Button.tsx";
import { Form } from "../ui/Form.tsx";
import { SubmissionError } from "../ui/Notices.tsx";
import { useSubmission } from "../useSubmission.ts";

const SUGGESTIONS = ["500", "1 000", "5 000"];

/** Puts money on the account. */
export function TopUp({ billId }: { billId: string }): ReactElement {
  const [amount, setAmount] = useState("");
  const [refusal, setRefusal] = useState<string>();
  const updates = useUpdates();
  const deposit = useSubmission(
    ({ bill, kopecks }: { bill: string; kopecks: Kopecks }, key) => topUp(bill, kopecks, key),
    async (account) => {
      setAmount("");
      await updates.balanceChanged(account);
    },
  );

  const edit = (text: string) => {
    setAmount(text);
    setRefusal(undefined);
    if (!deposit.isPending) deposit.reset();
  };
  const submit = () => {
    if (deposit.isPending) return;
    const parsed = parseRoubles(amount);
    setRefusal(parsed.ok ? undefined : parsed.message);
    if (parsed.ok) deposit.mutate({ bill: billId, kopecks: parsed.kopecks });
  };

  return (
    <section className="card" aria-labelledby="top-up">
      <h2 id="top-up">Top up</h2>
      <Form aria-labelledby="top-up" className="stack" onSubmit={submit}>
        <AmountField value={amount} onChange={edit} error={refusal} />
        <div className="suggestions" role="group" aria-label="Suggested amounts">
          {SUGGESTIONS.map((suggestion) => (
            <button key={suggestion} type="button" className="suggestion" onClick={() => edit(suggestion)}>
              {suggestion.replace(" ", "\u00a0")}
            </button>
          ))}
        </div>
        <SubmissionError error={deposit.error} />
        <Button look="soft" type="submit" busy={deposit.isPending}>
          Top up
        </Button>
        <p className="success" role="status">
          {deposit.isSuccess && `${formatKopecks(deposit.variables.kopecks)} added.`}
        </p>
      </Form>
    </section>
  );
}

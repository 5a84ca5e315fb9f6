import { useState, type ReactElement } from "react";
import { Button } from "../ui/Button.tsx";
import { Field } from "../ui/Field.tsx";
import { Form } from "../ui/Form.tsx";
import { DiceIcon } from "../ui/icons.tsx";
import { parseUuid, randomUuid } from "../uuid.ts";

interface Props {
  current: string | null;
  onChosen: (userId: string) => void;
  /** Offered when there is a user to go back to. */
  onCancel?: (() => void) | undefined;
}

/** Who is shopping: any UUID, or one made up on the spot. */
export function UserIdForm({ current, onChosen, onCancel }: Props): ReactElement {
  const [text, setText] = useState(current ?? "");
  const [error, setError] = useState<string>();

  const edit = (next: string) => {
    setText(next);
    setError(undefined);
  };
  const submit = () => {
    const userId = parseUuid(text);
    if (userId === null) setError("A user id is a UUID, such as 6f1c2d3e-4b5a-4c7d-8e9f-0a1b2c3d4e5f.");
    else onChosen(userId);
  };

  return (
    <Form aria-label="User" className="stack" onSubmit={submit}>
      <Field label="User id" error={error} hint="Remembered in this browser.">
        {(control) => (
          <input
            {...control}
            className="mono"
            value={text}
            onChange={(event) => edit(event.target.value)}
            placeholder="00000000-0000-0000-0000-000000000000"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            autoFocus={onCancel !== undefined}
          />
        )}
      </Field>
      <Button look="quiet" onClick={() => edit(randomUuid())}>
        <DiceIcon /> Make one up
      </Button>
      <div className="row">
        <Button type="submit">Continue</Button>
        {onCancel && (
          <Button look="link" onClick={onCancel}>
            Cancel
          </Button>
        )}
      </div>
    </Form>
  );
}

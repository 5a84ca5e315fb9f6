import { Button, TextInput } from "@mantine/core";
import type { ReactElement } from "react";
import { userSchema } from "../forms/schemas.ts";
import { useSchemaForm } from "../forms/useSchemaForm.ts";
import { useI18n } from "../i18n/context.ts";
import { DiceIcon } from "../ui/icons.tsx";
import { randomUuid } from "../uuid.ts";
import styles from "./user.module.css";

interface Props {
  current: string | null;
  onChosen: (userId: string) => void;
  /** Offered when there is a user to go back to. */
  onCancel?: (() => void) | undefined;
}

/** Who is shopping: any UUID, or one made up on the spot. */
export function UserIdForm({ current, onChosen, onCancel }: Props): ReactElement {
  const { t } = useI18n();
  const { form, field, onSubmit } = useSchemaForm(userSchema, { userId: current ?? "" });
  return (
    <form
      aria-label={t.user.form}
      className={styles.form}
      noValidate
      onSubmit={onSubmit(({ userId }) => onChosen(userId))}
    >
      <TextInput
        {...field("userId")}
        label={t.user.label}
        description={t.user.hint}
        inputWrapperOrder={["label", "input", "error", "description"]}
        classNames={{ input: styles.id }}
        placeholder="00000000-0000-0000-0000-000000000000"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        data-autofocus={onCancel !== undefined}
      />
      <Button variant="default" leftSection={<DiceIcon />} onClick={() => form.setFieldValue("userId", randomUuid())}>
        {t.user.makeUp}
      </Button>
      <div className={styles.end}>
        <Button type="submit">{t.user.go}</Button>
        {onCancel && (
          <Button variant="subtle" onClick={onCancel}>
            {t.user.cancel}
          </Button>
        )}
      </div>
    </form>
  );
}

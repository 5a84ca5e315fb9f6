import { Button } from "@mantine/core";
import type { ReactElement } from "react";
import type { ApiError } from "../api/error.ts";
import type { Order } from "../api/gozon.ts";
import { useI18n } from "../i18n/context.ts";
import { formatKopecks } from "../money.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { SubmissionError } from "../ui/ErrorNotice.tsx";
import styles from "./order.module.css";

interface Props {
  order: Order;
  isOpen: boolean;
  isSending: boolean;
  error: ApiError | null;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks once more, and says what cancelling will bring. */
export default function CancelDialog({ order, isOpen, isSending, error, onConfirm, onClose }: Props): ReactElement {
  const { t } = useI18n();
  const amount = formatKopecks(order.amount);
  return (
    <Dialog title={t.cancel.title} isOpen={isOpen} onClose={onClose}>
      <p>
        <strong>{order.description}</strong> · {amount}
      </p>
      <p>{order.status === "NEW" ? t.cancel.unpaid : t.cancel.paid(amount)}</p>
      <SubmissionError error={error} />
      <div className={styles.dialogEnd}>
        {/* What is harmless has the focus. */}
        <Button variant="default" onClick={onClose} data-autofocus>
          {t.cancel.keep}
        </Button>
        <Button color="bad" loading={isSending} onClick={onConfirm}>
          {t.cancel.confirm}
        </Button>
      </div>
    </Dialog>
  );
}

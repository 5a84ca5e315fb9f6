import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState, type ReactElement } from "react";
import { cancelOrder, type Order } from "../api/gozon.ts";
import { ordersKeys, putOrder } from "../data/orders.ts";
import { canBeCancelled } from "../data/standing.ts";
import { useSubmission } from "../forms/useSubmission.ts";
import { useI18n } from "../i18n/context.ts";
import styles from "./order.module.css";

const CancelDialog = lazy(() => import("./CancelDialog.tsx"));

/**
 * Cancels an order that is not shipped yet, after asking once. If it is shipped while that is being asked, the dialog
 * stays to say so.
 */
export function CancelOrder({ order }: { order: Order }): ReactElement {
  const { t } = useI18n();
  const client = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const [isWanted, setIsWanted] = useState(false);
  const cancelling = useSubmission({
    slot: `cancel:${order.id}`,
    send: ({ id }: { id: string }, key) => cancelOrder(id, key),
    onDone: (answered) => {
      putOrder(client, answered);
      void client.invalidateQueries({ queryKey: ordersKeys.timeline(answered.id) });
    },
    // Refused, it has come further than is shown here.
    onRefused: () => void client.invalidateQueries({ queryKey: ordersKeys.one(order.id) }),
  });
  const ask = () => {
    setIsWanted(true);
    setIsAsking(true);
  };
  const close = () => {
    setIsAsking(false);
    cancelling.reset();
  };
  return (
    <>
      {canBeCancelled(order) && (
        <Button className={styles.cancel} variant="light" color="bad" onClick={ask}>
          {t.cancel.action}
        </Button>
      )}
      <Suspense>
        {isWanted && (
          <CancelDialog
            order={order}
            isOpen={isAsking}
            isSending={cancelling.isPending}
            error={cancelling.error}
            onConfirm={() => cancelling.mutate({ id: order.id }, { onSuccess: close })}
            onClose={close}
          />
        )}
      </Suspense>
    </>
  );
}

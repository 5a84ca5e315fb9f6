import type { ReactElement } from "react";
import { Link, useParams } from "react-router";
import { useI18n } from "../i18n/context.ts";
import { ArrowLeftIcon } from "../ui/icons.tsx";
import { NotFound } from "../ui/NotFound.tsx";
import { useTitle } from "../ui/useTitle.ts";
import { parseUuid } from "../uuid.ts";
import { OrderStatus } from "./OrderStatus.tsx";
import styles from "./order.module.css";

/** One order by its address, whoever is shopping. */
export default function OrderPage(): ReactElement {
  const { t } = useI18n();
  const orderId = parseUuid(useParams().orderId ?? "");
  useTitle(t.titles.order);
  if (orderId === null) return <NotFound />;
  return (
    <>
      <Link to="/" className={styles.back}>
        <ArrowLeftIcon /> {t.backToShop}
      </Link>
      <OrderStatus key={orderId} orderId={orderId} />
    </>
  );
}

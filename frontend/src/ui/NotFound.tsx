import type { ReactElement } from "react";
import { Link } from "react-router";
import { useI18n } from "../i18n/context.ts";
import { Empty } from "./Empty.tsx";
import { BoxIcon } from "./icons.tsx";
import { PageHead } from "./PageHead.tsx";

export function NotFound(): ReactElement {
  const { t } = useI18n();
  return (
    <>
      <PageHead title={t.pageNotFound} />
      <Empty icon={<BoxIcon />} title={window.location.pathname}>
        <Link to="/">{t.backToShop}</Link>
      </Empty>
    </>
  );
}

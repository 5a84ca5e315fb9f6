import { Button } from "@mantine/core";
import { Component, type ReactElement, type ReactNode } from "react";
import { useI18n } from "../i18n/context.ts";
import { Empty } from "./Empty.tsx";
import { AlertIcon } from "./icons.tsx";

/** A fault of the page itself leaves words behind, not a blank page. The browser's console has the details. */
export class Boundary extends Component<{ children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render(): ReactNode {
    return this.state.isBroken ? <Broken /> : this.props.children;
  }
}

function Broken(): ReactElement {
  const { t } = useI18n();
  return (
    <main>
      <Empty icon={<AlertIcon />} title={t.broken}>
        <p>{t.brokenHint}</p>
        <Button variant="default" onClick={() => window.location.reload()}>
          {t.reload}
        </Button>
      </Empty>
    </main>
  );
}

import type { ReactElement, ReactNode } from "react";
import styles from "./PageHead.module.css";

interface Props {
  title: string;
  lead?: string;
  /** Right after the title. */
  children?: ReactNode;
  /** At the far end. */
  aside?: ReactNode;
}

/** The page's own heading, and what belongs to the page as a whole. */
export function PageHead({ title, lead, children, aside }: Props): ReactElement {
  return (
    <div className={styles.head}>
      <div className={styles.title}>
        <h1>{title}</h1>
        {children}
        {lead !== undefined && <p className={styles.lead}>{lead}</p>}
      </div>
      {aside}
    </div>
  );
}

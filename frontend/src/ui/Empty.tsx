import type { ReactElement, ReactNode } from "react";
import styles from "./Empty.module.css";

interface Props {
  icon: ReactNode;
  title: string;
  children?: ReactNode;
}

/** What stands where nothing is yet. */
export function Empty({ icon, title, children }: Props): ReactElement {
  return (
    <div className={styles.empty}>
      <span className={styles.icon}>{icon}</span>
      <p className={styles.title}>{title}</p>
      {children !== undefined && <div className={styles.hint}>{children}</div>}
    </div>
  );
}

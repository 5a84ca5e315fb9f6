import { Paper } from "@mantine/core";
import { useId, type ReactElement, type ReactNode } from "react";
import styles from "./Card.module.css";

interface Props {
  title: string;
  /** Beside the title. */
  aside?: ReactNode;
  children: ReactNode;
}

/** A part of the page, named by its heading. */
export function Card({ title, aside, children }: Props): ReactElement {
  const id = useId();
  return (
    <Paper component="section" className={styles.card} aria-labelledby={id}>
      <header className={styles.header}>
        <h2 id={id} className={styles.title}>
          {title}
        </h2>
        {aside}
      </header>
      {children}
    </Paper>
  );
}

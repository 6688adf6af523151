import { type ReactNode, useId } from "react";
import card from "./Card.module.css";
import styles from "./Panel.module.css";

/** A titled region of the page. */
export function Panel(props: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  className?: string | undefined;
}) {
  const titleId = useId();
  return (
    <section className={`${card.card} ${styles.panel} ${props.className ?? ""}`} aria-labelledby={titleId}>
      <header className={styles.head}>
        <h2 id={titleId} className={card.kicker}>
          {props.title}
        </h2>
        {props.aside}
      </header>
      {props.children}
    </section>
  );
}

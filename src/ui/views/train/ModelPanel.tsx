import type { ReactNode } from "react";
import card from "../../components/Card.module.css";
import styles from "./ModelPanel.module.css";

/** Where the step will be, as long as there is no model. */
export function ModelPanel(props: {
  label: string;
  kicker?: string;
  title: string;
  story: string;
  children: ReactNode;
}) {
  return (
    <section className={`${card.card} ${styles.panel}`} aria-label={props.label}>
      {props.kicker === undefined ? null : <p className={card.kicker}>{props.kicker}</p>}
      <h2 className={styles.title}>{props.title}</h2>
      <p className={styles.story}>{props.story}</p>
      {props.children}
    </section>
  );
}

import type { ReactNode } from "react";
import { Icon } from "./Icon.tsx";
import styles from "./NoticeBar.module.css";

/** Something to know that stops nothing: sentences above the page, and what can be done about them. */
export function NoticeBar(props: { label: string; sentences: readonly string[]; children: ReactNode }) {
  return (
    <section className={styles.notice} role="status" aria-label={props.label}>
      <Icon name="hint" />
      <ul className={styles.list}>
        {props.sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <div className={styles.buttons}>{props.children}</div>
    </section>
  );
}

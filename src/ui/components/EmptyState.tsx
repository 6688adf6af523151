import type { ReactNode } from "react";
import styles from "./EmptyState.module.css";
import { PushButton } from "./PushButton.tsx";

/** A view with nothing to show yet: what it will show, in one sentence, and the way to it. */
export function EmptyState(props: {
  sketch: ReactNode;
  title: string;
  story: string;
  action: string;
  onAction: () => void;
}) {
  return (
    <section className={styles.empty}>
      <div className={styles.sketch} aria-hidden="true">
        {props.sketch}
      </div>
      <h1 className={styles.title}>{props.title}</h1>
      <p className={styles.story}>{props.story}</p>
      <PushButton kind="main" onPress={props.onAction}>
        {props.action}
      </PushButton>
    </section>
  );
}

import type { ReactNode } from "react";
import styles from "./EmptyState.module.css";
import { PushButton } from "./PushButton.tsx";

export interface EmptyStateProps {
  readonly sketch: ReactNode;
  readonly title: string;
  readonly story: string;
}

/** The way on: a button of these words, or what is given. */
type Way = { readonly action: string; readonly onAction: () => void } | { readonly children: ReactNode };

/** A view with nothing to show yet: what it will show, in one sentence, and the way to it. */
export function EmptyState(props: EmptyStateProps & Way) {
  return (
    <section className={styles.empty}>
      <div className={styles.sketch} aria-hidden="true">
        {props.sketch}
      </div>
      <h1 className={styles.title}>{props.title}</h1>
      <p className={styles.story}>{props.story}</p>
      {"children" in props ? (
        props.children
      ) : (
        <PushButton kind="main" onPress={props.onAction}>
          {props.action}
        </PushButton>
      )}
    </section>
  );
}

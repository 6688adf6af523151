/** Two pictures over each other, with a line to move between them: by dragging, by clicking, or with the arrow keys. */
import type { CSSProperties, ReactNode } from "react";
import styles from "./SwipeCompare.module.css";

export interface SwipeCompareProps {
  /** Left of the line. */
  readonly before: ReactNode;
  /** Right of it. */
  readonly after: ReactNode;
  readonly label: string;
  /** Percent of the width that shows `before`. */
  readonly share: number;
  readonly valueText: string;
  readonly onChange: (share: number) => void;
}

export function SwipeCompare({ before, after, label, share, valueText, onChange }: SwipeCompareProps) {
  return (
    <div className={styles.frame} style={{ "--before": share / 100 } as CSSProperties}>
      {before}
      <div className={styles.after}>{after}</div>
      <span className={styles.line} aria-hidden="true" />
      <input
        className={styles.range}
        type="range"
        min={0}
        max={100}
        step={1}
        value={share}
        aria-label={label}
        aria-valuetext={valueText}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
    </div>
  );
}

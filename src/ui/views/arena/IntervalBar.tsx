import type { CSSProperties } from "react";
import styles from "./IntervalBar.module.css";

/** A share with its interval on a line from nothing to all, halves marked. Decorative: the numbers stand beside it. */
export function IntervalBar({ mean, low, high }: { mean: number; low: number; high: number }) {
  const place = { "--low": low, "--high": high, "--mean": Number.isNaN(mean) ? 0.5 : mean } as CSSProperties;
  return (
    <span className={styles.line} style={place} aria-hidden="true">
      <span className={styles.half} />
      <span className={styles.interval} />
      {Number.isNaN(mean) ? null : <span className={styles.mean} />}
    </span>
  );
}

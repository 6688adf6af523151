/** A share of a whole, as a thin bar. With a label it tells a progress; without one, words beside it say the same. */
import styles from "./ShareBar.module.css";

export interface ShareBarProps {
  readonly value: number;
  readonly whole: number;
  readonly isAccent: boolean;
  readonly label?: string;
}

export function ShareBar({ value, whole, isAccent, label }: ShareBarProps) {
  const share = whole > 0 ? Math.min(1, value / whole) : 0;
  const fill = (
    <span className={styles.fill} data-accent={isAccent || undefined} style={{ width: `${share * 100}%` }} />
  );
  if (label === undefined) {
    return (
      <span className={styles.track} aria-hidden="true">
        {fill}
      </span>
    );
  }
  return (
    <span
      className={styles.track}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={whole}
      aria-valuenow={value}
    >
      {fill}
    </span>
  );
}

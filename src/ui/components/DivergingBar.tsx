import styles from "./DivergingBar.module.css";

/** A bar that grows right for positive and left for negative values. Decorative: the number stands beside it. */
export function DivergingBar({ value, limit }: { value: number; limit: number }) {
  const share = Math.min(1, Math.abs(value) / limit) * 50;
  const side = value < 0 ? "minus" : "plus";
  return (
    <span className={styles.track} aria-hidden="true">
      <span className={styles[side]} style={{ width: `${share}%` }} />
    </span>
  );
}

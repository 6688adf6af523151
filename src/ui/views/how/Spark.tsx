import { formatMetric } from "../../text/numbers.ts";
import { sparkPoints } from "./readMetrics.ts";
import styles from "./Spark.module.css";

const WIDTH = 320;
const HEIGHT = 44;

/** A small line of all values so far, from 0 to the largest. Nothing for fewer than two. */
export function Spark({ values, label, term }: { values: readonly number[]; label: string; term: string }) {
  if (values.length < 2) return null;
  return (
    <figure className={styles.spark} data-term={term}>
      <svg viewBox={`0 -2 ${WIDTH} ${HEIGHT + 4}`} preserveAspectRatio="none" aria-hidden="true">
        <line x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} className={styles.floor} />
        <polyline points={sparkPoints(values, WIDTH, HEIGHT)} className={styles.line} />
      </svg>
      <figcaption>
        {label}, 0 to {formatMetric(Math.max(...values))}
      </figcaption>
    </figure>
  );
}

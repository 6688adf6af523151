/** Two pictures over each other, with a line to move between them: by dragging, by clicking, or with the arrow keys. */
import { PixelCanvas, type Pixels } from "./PixelCanvas.tsx";
import styles from "./SwipeCompare.module.css";

export interface SwipeCompareProps {
  readonly before: Pixels;
  readonly beforeAlt: string;
  readonly after: Pixels;
  readonly afterAlt: string;
  readonly label: string;
  /** Percent of the width that shows `before`, from the left. */
  readonly share: number;
  readonly valueText: string;
  readonly onChange: (share: number) => void;
}

export function SwipeCompare(props: SwipeCompareProps) {
  const { before, after, share } = props;
  return (
    <div className={styles.frame} style={{ "--at": `${share}%` } as React.CSSProperties}>
      <PixelCanvas image={before} alt={props.beforeAlt} />
      <div className={styles.after}>
        <PixelCanvas image={after} alt={props.afterAlt} />
      </div>
      <span className={styles.line} aria-hidden="true" />
      <input
        className={styles.range}
        type="range"
        min={0}
        max={100}
        step={1}
        value={share}
        aria-label={props.label}
        aria-valuetext={props.valueText}
        onChange={(event) => props.onChange(event.target.valueAsNumber)}
      />
    </div>
  );
}

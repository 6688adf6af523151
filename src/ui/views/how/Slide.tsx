/** A range with its name and its value in words; its value is spoken too. */
import { useId } from "react";
import styles from "./Slide.module.css";

export function Slide(props: {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  /** The value as it is shown. */
  shown: string;
  /** The value as it is said; `shown` where nothing else is given. */
  spoken?: string;
  /** Lit with it. */
  term?: string;
  onChange: (value: number) => void;
}) {
  const { label, value, min, max, step, shown, spoken = shown, term, onChange } = props;
  const id = useId();
  const share = max > min ? (value - min) / (max - min) : 0;
  return (
    <div className={styles.slide} data-term={term}>
      <label htmlFor={id}>{label}</label>
      <output htmlFor={id} className={styles.value}>
        {shown}
      </output>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={spoken}
        style={{ "--share": `${share * 100}%` } as React.CSSProperties}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
    </div>
  );
}

/** One of a few named ways, as a native select. */
import { type ReactNode, useId } from "react";
import styles from "./ChoiceSelect.module.css";

export interface ChoiceSelectProps {
  readonly label: string;
  readonly help: string;
  readonly tag?: ReactNode;
  readonly value: string;
  /** What each value is called. */
  readonly options: Readonly<Record<string, string>>;
  readonly isDisabled: boolean;
  readonly onChange: (value: string) => void;
}

export function ChoiceSelect(props: ChoiceSelectProps) {
  const selectId = useId();
  const helpId = useId();
  return (
    <div className={styles.field} title={props.help}>
      <div className={styles.words}>
        <label htmlFor={selectId} className={styles.label}>
          {props.label}
        </label>
        {props.tag}
        <span id={helpId} className="visuallyHidden">
          {props.help}
        </span>
      </div>
      <select
        id={selectId}
        className={styles.select}
        aria-describedby={helpId}
        value={props.value}
        disabled={props.isDisabled}
        onChange={(event) => props.onChange(event.target.value)}
      >
        {Object.entries(props.options).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

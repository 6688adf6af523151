/** One of a few named ways, as a native select. */
import styles from "./ChoiceSelect.module.css";
import { Field, type FieldProps } from "./Field.tsx";

export interface ChoiceSelectProps extends FieldProps {
  readonly value: string;
  /** What each value is called. */
  readonly options: Readonly<Record<string, string>>;
  readonly isDisabled: boolean;
  readonly onChange: (value: string) => void;
}

export function ChoiceSelect(props: ChoiceSelectProps) {
  return (
    <Field label={props.label} help={props.help} tag={props.tag}>
      {({ labelledBy, describedBy }) => (
        <select
          className={styles.select}
          aria-labelledby={labelledBy}
          aria-describedby={describedBy}
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
      )}
    </Field>
  );
}

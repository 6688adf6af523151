import { Button } from "react-aria-components";
import styles from "./Segments.module.css";

/** One of a few ways, all in sight: a row of buttons of which one is pressed. */
export function Segments<T extends string>(props: {
  label: string;
  options: Readonly<Record<T, string>>;
  value: T;
  onChange: (value: T) => void;
}) {
  return (
    <fieldset className={styles.segments} aria-label={props.label}>
      {(Object.entries(props.options) as [T, string][]).map(([value, name]) => (
        <Button
          key={value}
          className={styles.segment ?? ""}
          aria-pressed={value === props.value}
          onPress={() => props.onChange(value)}
        >
          {name}
        </Button>
      ))}
    </fieldset>
  );
}

/** Which weights: one of the states of the model, as a native select. */
import { useId } from "react";
import styles from "./WeightsPicker.module.css";

export interface PickedWeights {
  readonly key: string;
  /** Heading it is listed under, null for none. */
  readonly group: string | null;
  readonly name: string;
  /** How far it is trained, empty where it is not. */
  readonly progress: string;
}

export interface WeightsPickerProps<T extends PickedWeights> {
  /** "A", "B": the place that the weights take. */
  readonly label: string;
  /** `listWeights` makes them. */
  readonly options: readonly T[];
  readonly value: T;
  readonly isDisabled?: boolean;
  readonly onChange: (value: T) => void;
}

function Options({ options }: { options: readonly PickedWeights[] }) {
  return options.map(({ key, name, progress }) => (
    <option key={key} value={key}>
      {progress === "" ? name : `${name} · ${progress}`}
    </option>
  ));
}

export function WeightsPicker<T extends PickedWeights>(props: WeightsPickerProps<T>) {
  const { label, options, value, isDisabled = false, onChange } = props;
  const labelId = useId();
  const groups = [...new Set(options.map(({ group }) => group))];
  const pick = (key: string) => {
    const picked = options.find((option) => option.key === key);
    if (picked) onChange(picked);
  };
  return (
    <div className={styles.picker}>
      <span id={labelId} className={styles.label}>
        {label}
      </span>
      <select
        className={styles.select}
        aria-labelledby={labelId}
        value={value.key}
        disabled={isDisabled}
        onChange={(event) => pick(event.target.value)}
      >
        {groups.map((group) => {
          const members = options.filter((option) => option.group === group);
          return group === null ? (
            <Options key="" options={members} />
          ) : (
            <optgroup key={group} label={group}>
              <Options options={members} />
            </optgroup>
          );
        })}
      </select>
    </div>
  );
}

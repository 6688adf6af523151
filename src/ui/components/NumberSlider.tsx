/**
 * A slider and a number field that hold the same value. The slider is a plain range input: logarithmic positions
 * need their own spoken value, and the number field reads "3e-5", which locale-aware fields do not.
 */
import type { ReactNode } from "react";
import { Field, type FieldIds, type FieldProps } from "./Field.tsx";
import styles from "./NumberSlider.module.css";
import {
  fromPosition,
  rangeAttributes,
  readNumber,
  type SliderRange,
  toPosition,
  writeNumber,
} from "./sliderScale.ts";
import { useTyped } from "./useTyped.ts";

export interface NumberSliderProps extends FieldProps {
  readonly value: number;
  readonly range: SliderRange;
  readonly isWhole: boolean;
  readonly unit?: string | undefined;
  readonly isDisabled: boolean;
  /** In the place of the slider, for values that no hand can aim at, such as seeds. */
  readonly beside?: ReactNode;
  readonly onChange: (value: number) => void;
}

function NumberBox(props: NumberSliderProps & FieldIds) {
  const { value, range, isWhole, onChange } = props;
  const [typed, setTyped] = useTyped(writeNumber(value));
  const commit = () => {
    const number = readNumber(typed, range, isWhole);
    setTyped(writeNumber(number ?? value));
    if (number !== null && number !== value) onChange(number);
  };
  return (
    <input
      className={styles.number}
      type="text"
      inputMode="decimal"
      autoComplete="off"
      aria-labelledby={props.labelledBy}
      aria-describedby={props.describedBy}
      value={typed}
      disabled={props.isDisabled}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
        if (event.key === "Escape") setTyped(writeNumber(value));
      }}
    />
  );
}

export function NumberSlider(props: NumberSliderProps) {
  const { value, range } = props;
  const spoken = props.unit ? `${writeNumber(value)} ${props.unit}` : writeNumber(value);
  const attributes = rangeAttributes(range);
  const position = toPosition(value, range);
  const share = (position - attributes.min) / (attributes.max - attributes.min);
  return (
    <Field label={props.label} help={props.help} tag={props.tag}>
      {(ids) => (
        <div className={styles.inputs}>
          {props.beside === undefined ? (
            <input
              className={styles.slider}
              type="range"
              {...attributes}
              value={position}
              style={{ "--share": `${share * 100}%` } as React.CSSProperties}
              disabled={props.isDisabled}
              aria-labelledby={ids.labelledBy}
              aria-describedby={ids.describedBy}
              aria-valuetext={spoken}
              onChange={(event) => props.onChange(fromPosition(event.target.valueAsNumber, range))}
            />
          ) : (
            <span>{props.beside}</span>
          )}
          <NumberBox {...props} {...ids} />
        </div>
      )}
    </Field>
  );
}

/** The frame of one setting: its name, its tag, its help, and whatever sets it. */
import { type ReactNode, useId } from "react";
import styles from "./Field.module.css";

export interface FieldProps {
  readonly label: string;
  readonly help: string;
  readonly tag?: ReactNode;
}

/** Ids for the inputs inside. */
export interface FieldIds {
  readonly labelledBy: string;
  readonly describedBy: string;
}

export function Field(props: FieldProps & { readonly children: (ids: FieldIds) => ReactNode }) {
  const labelledBy = useId();
  const describedBy = useId();
  return (
    <div className={styles.field} title={props.help}>
      <div className={styles.words}>
        <span id={labelledBy} className={styles.label}>
          {props.label}
        </span>
        {props.tag}
        <span id={describedBy} className="visuallyHidden">
          {props.help}
        </span>
      </div>
      {props.children({ labelledBy, describedBy })}
    </div>
  );
}

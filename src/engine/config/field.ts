/** What a field of the run configuration is: its value's range, its words, and when a change takes effect. */

/** When a changed value takes effect: at once, with the next step, or only in a new run. */
export type Applies = "live" | "nextStep" | "newRun";

interface FieldBase {
  readonly label: string;
  readonly help: string;
  readonly applies: Applies;
  /** Where default and range come from (spec section or paper). */
  readonly source: string;
  /** Hidden under "Advanced" on the page unless true. */
  readonly basic?: boolean;
}

export interface NumberField extends FieldBase {
  readonly kind: "number" | "integer";
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly unit?: string;
  /** Sliders of these fields move in powers of ten. */
  readonly log?: boolean;
}

/** One of a few named ways. */
export interface ChoiceField<Option extends string = string> extends FieldBase {
  readonly kind: "choice";
  readonly default: Option;
  /** What each value is called on the page. */
  readonly options: Readonly<Record<Option, string>>;
}

export type ConfigField = NumberField | ChoiceField;
export type ConfigValue = number | string;

export const number = (field: Omit<NumberField, "kind">): NumberField => ({ kind: "number", ...field });
export const integer = (field: Omit<NumberField, "kind">): NumberField => ({ kind: "integer", ...field });
export const choice = <const Option extends string>(
  field: Omit<ChoiceField<Option>, "kind" | "default"> & { readonly default: NoInfer<Option> },
): ChoiceField<Option> => ({ kind: "choice", ...field });

/** Whether a field may have this value; whole numbers are the schema's business. */
export function isInRange(field: ConfigField, value: ConfigValue): boolean {
  if (field.kind === "choice") return Object.hasOwn(field.options, value);
  return typeof value === "number" && value >= field.min && value <= field.max;
}

/** What a field's value must be, in words that follow "must be". */
export function describeRange(field: ConfigField): string {
  if (field.kind === "choice") return `one of ${Object.keys(field.options).join(", ")}`;
  return `between ${field.min} and ${field.max}`;
}

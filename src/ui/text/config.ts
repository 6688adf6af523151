/** How settings are written on the page. */
import { CONFIG_FIELDS, type ConfigField, type ConfigKey, type ConfigValue } from "../../engine/config.ts";

/** "counting", "6e-4", "5 steps": a value of a field in the words of the recipe. */
export function spellValue(key: ConfigKey, value: ConfigValue): string {
  const field: ConfigField = CONFIG_FIELDS[key];
  if (field.kind === "choice") return field.options[value] ?? String(value);
  const number = Number(value);
  // As their sliders go: in powers of ten.
  const digits = field.log && number !== 0 ? number.toExponential() : String(number);
  return field.unit ? `${digits} ${field.unit}` : digits;
}

import { useState } from "react";

/**
 * Text that is being typed over a value. It is forgotten when the value changes; no effect does that, which after the
 * first paint would take away what was typed since.
 * @returns what the field shows, and how to type
 */
export function useTyped(value: string): readonly [string, (text: string) => void] {
  const [draft, setDraft] = useState({ over: value, text: value });
  return [draft.over === value ? draft.text : value, (text) => setDraft({ over: value, text })];
}

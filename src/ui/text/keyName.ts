const NAMES: Readonly<Record<string, string>> = {
  " ": "Space",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  "Shift+ArrowLeft": "Shift ←",
  "Shift+ArrowRight": "Shift →",
  PageUp: "Page up",
  PageDown: "Page down",
  Escape: "Esc",
};

/** A key as it is printed on a keyboard. */
export const keyName = (key: string): string => NAMES[key] ?? key.toUpperCase();

const NAMES: Readonly<Record<string, string>> = { " ": "Space", ArrowLeft: "←", ArrowRight: "→" };

/** A key as it is printed on a keyboard. */
export const keyName = (key: string): string => NAMES[key] ?? key.toUpperCase();

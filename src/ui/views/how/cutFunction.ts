/**
 * Cuts one exported function out of a module's text, with the comment above it. It relies on the formatter: a function
 * at the top level ends at the first line that is a closing brace alone.
 * @returns null when the module exports no such function
 */
export function cutFunction(source: string, name: string): string | null {
  const lines = source.split("\n");
  const head = new RegExp(`^export (async )?function\\*? ${name}\\b`);
  const at = lines.findIndex((line) => head.test(line));
  if (at < 0) return null;
  const end = lines.indexOf("}", at);
  const isCommented = lines[at - 1]?.trimEnd().endsWith("*/") ?? false;
  const start = isCommented ? lines.findLastIndex((line, index) => index < at && line.startsWith("/**")) : at;
  return lines.slice(start, end + 1).join("\n");
}

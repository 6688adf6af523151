/** Lines of text on a canvas. */

export type Measure = (text: string) => number;

/** The text with its end replaced by "…" where it is wider than `width`. */
export function shorten(text: string, width: number, measure: Measure): string {
  if (measure(text) <= width) return text;
  let length = text.length - 1;
  while (length > 0 && measure(`${text.slice(0, length).trimEnd()}…`) > width) length--;
  return `${text.slice(0, length).trimEnd()}…`;
}

/** Words in lines not wider than `width`, at most `maxLines`; what does not fit ends in "…". */
export function wrap(text: string, width: number, maxLines: number, measure: Measure): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || measure(longer) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  const kept = lines.slice(0, maxLines);
  const rest = lines.slice(maxLines - 1).join(" ");
  return kept.map((each, at) => shorten(at === maxLines - 1 ? rest : each, width, measure));
}

/** The colours and typefaces of the present theme, for drawing outside of the page. */

const TOKENS = [
  "--page",
  "--surface",
  "--well",
  "--line",
  "--edge",
  "--text",
  "--quiet",
  "--accent",
  "--plus",
  "--minus",
  "--series-1",
  "--series-2",
  "--series-3",
  "--grid",
  "--sans",
  "--serif",
] as const;

export type Token = (typeof TOKENS)[number];
export type Palette = Readonly<Record<Token, string>>;

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    TOKENS.map((token) => [token, style.getPropertyValue(token).trim()]),
  ) as unknown as Palette;
}

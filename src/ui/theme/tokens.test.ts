/** WCAG contrast of every pair of colours that meets on the page, read from the stylesheet itself. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const [light = "", dark = ""] = css.split('[data-theme="dark"]');

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(theme: string, front: string, back: string): number {
  const colour = (name: string) => theme.match(new RegExp(`--${name}: (#[0-9a-f]{6})`))?.[1] ?? "missing";
  const [low = 0, high = 0] = [luminance(colour(front)), luminance(colour(back))].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const TEXT: [string, string][] = [
  ["text", "page"],
  ["text", "surface"],
  ["text", "well"],
  ["text", "accent-soft"],
  ["text", "warning-soft"],
  ["text", "good-soft"],
  ["quiet", "page"],
  ["quiet", "surface"],
  ["quiet", "well"],
  ["quiet", "accent-soft"],
  ["quiet", "warning-soft"],
  ["quiet", "good-soft"],
  ["accent", "surface"],
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
  ["warning", "surface"],
];
const SHAPES: [string, string][] = [
  ["plus", "well"],
  ["minus", "well"],
  ["edge", "surface"],
  ["edge", "well"],
  ["series-1", "surface"],
  ["series-2", "surface"],
  ["series-3", "surface"],
  ["warning", "warning-soft"],
  ["good", "good-soft"],
];

describe.each([
  ["light", light],
  ["dark", dark],
])("%s theme", (_, theme) => {
  it.each(TEXT)("text %s on %s has at least 4.5:1", (front, back) => {
    expect(contrast(theme, front, back)).toBeGreaterThanOrEqual(4.5);
  });
  it.each(SHAPES)("shape %s on %s has at least 3:1", (front, back) => {
    expect(contrast(theme, front, back)).toBeGreaterThanOrEqual(3);
  });
});

it("opens in the colours that the page then has", () => {
  const html = readFileSync(new URL("../../../index.html", import.meta.url), "utf8");
  const tokenOf = (theme: string, name: string) =>
    theme.match(new RegExp(`--${name}: ([^;]+);`))?.[1] ?? "missing";
  const ruleOf = (selector: string) => html.split(`${selector} {`)[1]?.split("}")[0] ?? "";
  for (const [selector, theme] of [
    ["      html", light],
    ['html[data-theme="dark"]', dark],
  ] as const) {
    expect(ruleOf(selector)).toContain(`background: ${tokenOf(theme, "page")};`);
    expect(ruleOf(selector)).toContain(`color: ${tokenOf(theme, "text")};`);
  }
  expect(ruleOf(".opening")).toContain(`font-family: ${tokenOf(light, "sans")};`);
});

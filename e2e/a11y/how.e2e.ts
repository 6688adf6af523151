/** axe finds nothing on any stop of "How it works", in light and dark; and every stop fits a window of 320 px. */
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { Playground } from "../playground.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const STOPS = ["Prompt", "Draw", "Ask", "Reward", "Compare", "Learn"];

async function open(page: Page): Promise<Playground> {
  const playground = new Playground(page);
  await playground.openRecorded("#/how?step=8");
  await expect(page.getByRole("tab")).toHaveCount(STOPS.length);
  return playground;
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`every stop is accessible in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const playground = await open(page);
    for (const name of STOPS) {
      await page.getByRole("tab", { name }).click();
      await playground.button("Show me in the code").click();
      // Lit terms have colours of their own.
      await page.getByRole("list", { name: "Its numbers" }).getByRole("button").first().focus();
      const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
      expect(found, name).toEqual([]);
      await playground.keepScreenshot(`how-${name.toLowerCase()}-${colorScheme}`);
    }
  });
}

test("every stop fits a window of 320 px", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 800 });
  await page.emulateMedia({ reducedMotion: "reduce" });
  const playground = await open(page);
  for (const name of STOPS) {
    await page.getByRole("tab", { name }).click();
    await playground.button("Show me in the code").click();
    const [content, window] = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return [scrollWidth, clientWidth] as const;
    });
    expect(content, name).toBeLessThanOrEqual(window);
  }
});

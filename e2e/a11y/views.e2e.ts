/** axe finds nothing on any view, recorded, in light and dark; and every view fits a narrow window. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { Playground } from "../playground.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const VIEWS = ["train", "arena", "geneval", "how", "present", "runs"];

for (const colorScheme of ["light", "dark"] as const) {
  test(`every view is accessible in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const playground = new Playground(page);
    await playground.openRecorded();
    await playground.expectStep(1);
    for (const view of VIEWS) {
      await page.goto(`${page.url().split("#")[0]}#/${view}`);
      await expect(page.getByRole("main").getByRole("heading").first()).toBeAttached();
      const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
      expect(found, view).toEqual([]);
      await playground.keepScreenshot(`view-${view}-${colorScheme}`);
    }
  });
}

for (const width of [320, 390]) {
  test(`every view fits a window of ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ reducedMotion: "reduce" });
    const playground = new Playground(page);
    await playground.openRecorded();
    for (const view of VIEWS) {
      await page.goto(`${page.url().split("#")[0]}#/${view}`);
      await expect(page.getByRole("main").getByRole("heading").first()).toBeAttached();
      const [content, window] = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return [scrollWidth, clientWidth] as const;
      });
      expect(content, view).toBeLessThanOrEqual(window);
      await playground.keepScreenshot(`view-${view}-${width}`);
    }
  });
}

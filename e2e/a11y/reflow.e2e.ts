/**
 * On a phone, on a page enlarged four times (320 px) and where the page changes its form, nothing is wider than the window
 * (WCAG 1.4.10).
 */
import { expect, type Page, test } from "@playwright/test";
import { Playground } from "../playground.ts";

const TABS = ["Now", "Curves", "Recipe"];

async function expectNoSideways(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth] as const;
  });
  expect(content).toBeLessThanOrEqual(window);
}

for (const width of [320, 390]) {
  test(`every part of the page fits a window of ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    const playground = new Playground(page);
    await playground.open({ model: "nano", backend: "wasm" });
    for (const name of TABS) {
      await page.getByRole("tab", { name }).click();
      await expect(page.getByRole("tabpanel", { name })).toBeVisible();
      await expectNoSideways(page);
      await playground.keepScreenshot(`narrow-${width}-${name.toLowerCase()}`);
    }
  });
}

test("the controls of a live run fit every window", async ({ page }) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm" });
  for (const width of [600, 700, 900, 1000, 1024, 1200, 1280, 1320, 1400, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    await expectNoSideways(page);
  }
});

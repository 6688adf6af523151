/** axe finds nothing on the idle, running and failed page, in light and dark. */
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { Playground } from "../playground.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`idle, running and failed page are accessible in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const playground = new Playground(page);
    await playground.open({ model: "nano", backend: "wasm", fail: "nan" });
    await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
    await expectAccessible(page);
    await playground.keepScreenshot(`idle-${colorScheme}`);
    await playground.makeStepsSmall();
    await playground.button("Play").click();
    await playground.expectFinished(1);
    await expect(playground.card).toBeVisible({ timeout: 200_000 });
    await expectAccessible(page);
    await playground.keepScreenshot(`failed-${colorScheme}`);
    await playground.card.getByRole("button", { name: "Start a new run" }).click();
    await playground.expectReady();
    await playground.button("Play").click();
    await expect(playground.button("Stop")).toBeEnabled();
    await expectAccessible(page);
    await playground.keepScreenshot(`running-${colorScheme}`);
  });
}

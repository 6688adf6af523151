/** axe finds nothing on the list of runs with runs in it, on its menu and dialogs, and on any stop of the tour. */
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { Playground } from "../playground.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const STOPS = 7;

async function expectAccessible(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  expect(found, where).toEqual([]);
}

test("runs, their menu and their dialogs are accessible in light and dark, and fit 320 px", async ({
  page,
}) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm" });
  await playground.makeStepsSmall();
  await playground.step(1);
  await page.keyboard.press("6");
  const more = page.getByRole("button", { name: /^More for/ }).first();
  await more.click();
  await page.getByRole("menuitem", { name: /^Pin/ }).click();
  await page.getByRole("textbox", { name: "Title" }).fill("A title that is long enough to need two lines");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("checkbox")).toHaveCount(2);
  for (const box of await page.getByRole("checkbox").all()) await box.check();
  await expect(page.getByRole("table")).toBeVisible();
  for (const theme of ["light", "dark"]) {
    if (theme === "dark") await page.keyboard.press("t");
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    await expectAccessible(page, "the list");
    await playground.keepScreenshot(`runs-filled-${theme}`);
    await more.click();
    await expectAccessible(page, "the menu");
    await page.getByRole("menuitem", { name: /^Pin/ }).click();
    await expectAccessible(page, "pinning");
    await page.keyboard.press("Escape");
    await more.click();
    await page.getByRole("menuitem", { name: /^Delete/ }).click();
    await expectAccessible(page, "deleting");
    await playground.keepScreenshot(`runs-delete-${theme}`);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("alertdialog")).toBeHidden();
    await page.getByRole("checkbox").first().focus();
  }
  await page.setViewportSize({ width: 320, height: 800 });
  // The page takes a moment to lay its controls out anew.
  const overhang = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await expect.poll(overhang).toBeLessThanOrEqual(0);
  await playground.keepScreenshot("runs-filled-320");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`the tour is accessible in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const playground = new Playground(page);
    await playground.openRecorded();
    await playground.expectStep(1);
    const take = playground.button("Show me around");
    await expect(take).toBeVisible();
    await expectAccessible(page, "the offer");
    await take.click();
    for (let at = 1; at <= STOPS; at++) {
      await expect(page.getByText(`Stop ${at} of ${STOPS}`, { exact: true })).toBeVisible();
      await expect(page.getByRole("dialog").getByRole("heading")).toBeFocused();
      await expectAccessible(page, `stop ${at}`);
      await playground.keepScreenshot(`tour-${at}-${colorScheme}`);
      await page.keyboard.press("ArrowRight");
    }
  });
}

/** axe finds nothing on judged pictures, as bars and as a table, and they fit a narrow window. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { Playground } from "../playground.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const WINDOWS = [1024, 390, 320];

for (const colorScheme of ["light", "dark"] as const) {
  test(`judged pictures are accessible in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const playground = new Playground(page);
    await playground.open({ model: "nano", backend: "wasm" });
    await page.getByRole("link", { name: "GenEval" }).click();
    await page.getByRole("combobox", { name: "Images a prompt" }).selectOption("1");
    await page.getByRole("combobox", { name: "Prompts" }).selectOption("12");
    await expect(page.getByText("12 images to draw and judge")).toBeVisible();
    // A select takes letters for itself.
    await page.getByRole("button", { name: "Run", exact: true }).focus();
    await page.keyboard.press("j");
    await expect(page.getByText("All of it is judged.")).toBeVisible({ timeout: 120_000 });
    await page.getByLabel("Wrong only").uncheck();
    await expect(page.getByRole("img", { name: /^“.+” by The model as it came, image 1, / })).toHaveCount(12);
    const expectAccessible = async () => {
      const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual(
        [],
      );
    };
    await expectAccessible();
    await playground.keepScreenshot(`geneval-${colorScheme}`);
    await page.getByRole("button", { name: "Show as table" }).click();
    // A field that the page's foot half covers counts as too small to hit; whoever wants it scrolls.
    await page
      .getByRole("combobox", { name: "Task" })
      .evaluate((field) => field.scrollIntoView({ block: "center" }));
    await expectAccessible();
    for (const width of WINDOWS) {
      await page.setViewportSize({ width, height: 844 });
      const main = page.getByRole("main");
      const [content, room] = await main.evaluate((element) => [element.scrollWidth, element.clientWidth]);
      expect(content).toBeLessThanOrEqual(room ?? 0);
      await playground.keepScreenshot(`geneval-${colorScheme}-${width}`);
    }
    expect(playground.problems).toEqual([]);
  });
}

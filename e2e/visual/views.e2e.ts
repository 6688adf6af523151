/**
 * Every view looks as it did, in light and dark. Made with the fonts that Debian's Chromium finds; where others are
 * found the comparison says nothing and is skipped. After a change that is meant:
 *
 *   npm run build && npx playwright test e2e/visual --update-snapshots
 */
import { expect, type Page, test } from "@playwright/test";
import { Playground } from "../playground.ts";

const VIEWS = ["train", "arena", "geneval", "how", "present", "runs"];
/** Width of a sentence in the page's two typefaces, pixels, where the snapshots were made. */
const FONTS = { sans: 2580, serif: 2060 };

function measureFonts(page: Page): Promise<typeof FONTS> {
  return page.evaluate(() => {
    const style = getComputedStyle(document.documentElement);
    const pen = document.createElement("canvas").getContext("2d");
    const widthIn = (family: string) => {
      if (!pen) return 0;
      pen.font = `100px ${style.getPropertyValue(family)}`;
      return Math.round(pen.measureText("A model draws, asks itself what it drew, and learns.").width);
    };
    return { sans: widthIn("--sans"), serif: widthIn("--serif") };
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`every view looks as it did in ${colorScheme}`, async ({ page }) => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const playground = new Playground(page);
    await playground.openRecorded();
    await playground.expectStep(1);
    const fonts = await measureFonts(page);
    test.skip(JSON.stringify(fonts) !== JSON.stringify(FONTS), `other fonts: ${JSON.stringify(fonts)}`);
    for (const view of VIEWS) {
      await page.goto(`${page.url().split("#")[0]}#/${view}`);
      await expect(page.getByRole("main").getByRole("heading").first()).toBeAttached();
      await expect(page).toHaveScreenshot(`${view}-${colorScheme}.png`, {
        // Which of two pictures stands on which side is drawn by lot.
        mask: view === "arena" ? [page.getByRole("main").locator("canvas")] : [],
        maxDiffPixelRatio: 0.01,
        timeout: 60_000,
      });
    }
  });
}

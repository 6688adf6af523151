/** The guided tour: offered once, taken with keys, and the page is afterwards as it was. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import { Playground } from "../playground.ts";

const STOPS = [
  "This is a real run",
  "One prompt, a group of tries",
  "Only the comparison counts",
  "Is it learning?",
  "Take part",
  "One step, taken apart",
  "Show it to a room",
];

const offer = (page: Page): Locator => page.getByRole("complementary", { name: "Guided tour" });
const card = (page: Page, title: string): Locator => page.getByRole("dialog", { name: title });
const title = (page: Page, name: string): Locator => page.getByRole("heading", { name, exact: true });

/** Whether what is lit lies in the window, with something of the page in it. */
async function expectLit(page: Page, stop: string): Promise<void> {
  await expect
    .poll(() =>
      page.evaluate((id) => {
        const found = [...document.querySelectorAll(`[data-tour="${id}"]`)];
        return found.some((element) => {
          const { top, bottom, width } = element.getBoundingClientRect();
          return width > 0 && bottom > 0 && top < window.innerHeight - 40;
        });
      }, stop),
    )
    .toBe(true);
}

for (const width of [1440, 390]) {
  test(`seven stops drive the page by keys at ${width} px, and leave it as it was`, async ({ page }) => {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ reducedMotion: "reduce" });
    const playground = new Playground(page);
    await playground.openRecorded();
    await playground.expectStep(1);
    await offer(page).getByRole("button", { name: "Show me around" }).click();
    for (const [at, name] of STOPS.entries()) {
      await expect(card(page, name)).toContainText(`Stop ${at + 1} of 7`);
      await expect(title(page, name)).toBeFocused();
      if (at === 1) await playground.expectStep(8);
      if (at === 3) await expectLit(page, "curves");
      if (at === 4) await expectLit(page, "recipe");
      if (at === 5) await expect(page).toHaveURL(/#\/how/);
      if (at === 6) await expect(page).toHaveURL(/#\/present/);
      await page.keyboard.press("ArrowRight");
    }
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(page).toHaveURL(/#\/train/);
    await playground.expectStep(1);
    await expect(page.getByRole("main")).toBeFocused();
    // It was taken: it is not offered again, not even tomorrow.
    await expect(offer(page)).toHaveCount(0);
    await page.reload();
    await playground.expectStep(1);
    await expect(page.getByRole("button", { name: "Show me around" })).toHaveCount(0);
    expect(playground.problems).toEqual([]);
  });
}

test("the offer blocks nothing and goes when it is declined", async ({ page }) => {
  const playground = new Playground(page);
  await playground.openRecorded();
  await expect(offer(page)).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  // The recording moves, and the page is used, whatever the corner says.
  await playground.button("Pause").click();
  await expect(playground.button("Play")).toBeEnabled();
  await offer(page).getByRole("button", { name: "Not now" }).click();
  await expect(offer(page)).toHaveCount(0);
  await page.reload();
  await expect(playground.playback).toBeVisible();
  await expect(offer(page)).toHaveCount(0);
  expect(playground.problems).toEqual([]);
});

test("it begins again from the help and from the menu, goes back, and ends with Escape where it began", async ({
  page,
}) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const playground = new Playground(page);
  await playground.openRecorded("#/how?step=4");
  await expect(offer(page)).toHaveCount(0);
  await page.keyboard.press("?");
  await playground.button("Guided tour").click();
  await expect(title(page, STOPS[0] ?? "")).toBeFocused();
  await expect(page).toHaveURL(/#\/train/);
  await page.keyboard.press("ArrowRight");
  await playground.expectStep(8);
  await page.keyboard.press("ArrowLeft");
  await expect(title(page, STOPS[0] ?? "")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page).toHaveURL(/#\/how/);
  await playground.expectStep(4);

  await playground.button(/^Lesson /).click();
  await page.getByRole("menuitem", { name: /^Guided tour/ }).click();
  await expect(title(page, STOPS[0] ?? "")).toBeFocused();
  // A slider keeps its arrows.
  await page.getByRole("slider", { name: "Step of the recording" }).focus();
  await page.keyboard.press("ArrowRight");
  await playground.expectStep(5);
  await expect(card(page, STOPS[0] ?? "")).toBeVisible();
  await playground.button("End the tour").click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.keyboard.press("g");
  await expect(card(page, STOPS[0] ?? "")).toBeVisible();
  expect(playground.problems).toEqual([]);
});

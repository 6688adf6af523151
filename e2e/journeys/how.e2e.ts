/** How it works, on a recorded run and without a model: six stops, and numbers that follow a visitor's hands. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import { Playground } from "../playground.ts";

const FIRST = "It begins with a sentence";
const TITLES = [
  FIRST,
  "Tokens come out of the dark",
  "Then it looks at its own picture",
  "An answer earns points",
  "Better than its siblings?",
  "A nudge, and a leash",
];

const stop = (page: Page, name: string) => page.getByRole("tab", { name });
const reading = (page: Page, words: string) =>
  page.getByRole("list", { name: "Its numbers" }).getByRole("button").filter({ hasText: words });

/** The numbers beside the bars, top to bottom. */
async function advantagesOf(page: Page): Promise<number[]> {
  const texts = await page.getByTestId("advantage").allTextContents();
  return texts.map((text) => Number(text.replace("−", "-").replace("+", "")));
}

const pixelsOf = (canvas: Locator) =>
  canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL());

/** The group of step 8 of “Colour binding”: rewards 1, 1, ¼, 1, ¾, ¾, 1, 1. */
async function openAtStep8(page: Page): Promise<Playground> {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const playground = new Playground(page);
  await playground.openRecorded("#/how?step=8");
  await expect(page.getByRole("heading", { name: FIRST })).toBeVisible();
  return playground;
}

test("six stops are reached with the keyboard, without a model", async ({ page }) => {
  let workers = 0;
  page.on("worker", () => {
    workers++;
  });
  const playground = await openAtStep8(page);
  await stop(page, "Prompt").focus();
  for (const [at, title] of TITLES.entries()) {
    await expect(page.getByRole("heading", { name: title })).toBeVisible();
    await expect(page.getByRole("math")).toBeVisible();
    await expect(page.getByRole("tab", { selected: true })).toContainText(String(at + 1));
    await page.keyboard.press("ArrowRight");
  }
  // The arrows belong to the stops here, not to the recording.
  await playground.expectStep(8);
  await playground.button("Next: Draw").focus();
  await page.keyboard.press("Enter");
  // The button went with its stop; the focus goes on with the reader.
  await expect(page.getByRole("heading", { name: "Tokens come out of the dark" })).toBeFocused();
  expect(workers).toBe(0);
  expect(playground.problems).toEqual([]);
});

test("a reward that is dragged moves mean, spread and every advantage", async ({ page }) => {
  const playground = await openAtStep8(page);
  await stop(page, "Compare").click();
  const real = await advantagesOf(page);
  expect(real).toEqual([0.63, 0.63, -2.39, 0.63, -0.38, -0.38, 0.63, 0.63]);
  await expect(reading(page, "mean of the group")).toContainText("0.84");
  const slider = page.getByRole("slider", { name: "Reward of picture 3" });
  const box = await slider.boundingBox();
  if (!box) throw new Error("The slider has no box.");
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + 10 + 0.25 * (box.width - 20), y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 1, y, { steps: 5 });
  await page.mouse.up();
  await expect(slider).toHaveAttribute("aria-valuetext", "1.00");
  // Rewards 1 six times and ¾ twice: mean 0.94, std 0.108.
  await expect(reading(page, "mean of the group")).toContainText("0.94");
  expect(await advantagesOf(page)).toEqual([0.58, 0.58, 0.58, 0.58, -1.73, -1.73, 0.58, 0.58]);
  await page.keyboard.press("Home");
  await expect(slider).toHaveAttribute("aria-valuetext", "0.00");
  expect((await advantagesOf(page))[2]).toBeLessThan(-2.39);
  // Only the first two, both right: nothing to learn.
  await page.getByRole("slider", { name: "Pictures compared" }).fill("2");
  await expect(page.getByRole("main")).toContainText("this group teaches nothing");
  await playground.button("Real rewards again").click();
  expect(await advantagesOf(page)).toEqual(real);
});

test("the decoding slider uncovers the picture, token by token", async ({ page }) => {
  await openAtStep8(page);
  await stop(page, "Draw").click();
  const slider = page.getByRole("slider", { name: "Decoding step" });
  await slider.fill("0");
  const picture = page.getByRole("img", { name: /^Picture 3 after decoding step/ });
  await expect(picture).toHaveAccessibleName(/step 0 of 8: 0 of 64 tokens/);
  const seen = new Set([await pixelsOf(picture)]);
  // The schedule hides ⌊64 · cos(π/2 · k/8)⌋: 59 after 2, 45 after 4, 24 after 6.
  for (const [k, decided] of [
    [2, 5],
    [4, 19],
    [6, 40],
    [8, 64],
  ]) {
    await slider.press("ArrowRight");
    await expect(picture).toHaveAccessibleName(new RegExp(`step ${k} of 8: ${decided} of 64 tokens`));
    await expect(reading(page, "still hidden")).toContainText(String(64 - (decided ?? 0)));
    seen.add(await pixelsOf(picture));
  }
  expect(seen.size).toBe(5);
});

test("numbers light their terms, temperature flattens, the code is shown and a setting tried", async ({
  page,
}) => {
  const playground = await openAtStep8(page);
  await stop(page, "Ask").click();
  const formula = page.getByRole("math");
  await expect(formula.locator("[data-lit]")).toHaveCount(0);
  await reading(page, "at that temperature").focus();
  await expect(formula.locator("[data-lit]")).toHaveText("pT");
  const share = reading(page, "at that temperature");
  await expect(share).toContainText("18 %");
  await page.getByRole("slider", { name: "Temperature" }).fill("2");
  // p = 0.184: odds 0.226 become their root, 0.475.
  await expect(share).toContainText("32 %");
  await playground.button("Show me in the code").click();
  await expect(page.getByRole("region", { name: "continueAnswers" })).toContainText(
    "export async function continueAnswers",
  );
  await playground.button("Try it: answer temperature = 2").click();
  await expect(page).toHaveURL(/#\/train\?.*answerTemperature=2/);
  await expect(playground.button("Play live with these")).toBeVisible();
  await page.goBack();
  await expect(stop(page, "Prompt")).toBeVisible();
});

test("a recording rests under the visitor's hands, and before its first step there is a way on", async ({
  page,
}) => {
  const playground = new Playground(page);
  await playground.openRecorded("#/how");
  await stop(page, "Compare").click();
  await page.getByRole("slider", { name: "Reward of picture 1" }).press("ArrowLeft");
  await expect(playground.button("Play")).toBeEnabled();
  await playground.button("Start over").click();
  await expect(page.getByRole("heading", { name: "One step, taken apart" })).toBeVisible();
  await playground.button("Watch a step").click();
  await expect(page).toHaveURL(/#\/train/);
  expect(playground.problems).toEqual([]);
});

/** What a person does while the model trains is answered at once. */
import { expect, type Page, test } from "@playwright/test";
import { watchInteractions } from "../interactions.ts";
import { Playground } from "../playground.ts";

const VIEWS = ["Arena", "GenEval", "How it works", "Runs", "Train"];

/** Takes the handle of a slider and moves it along, as a hand does. */
async function drag(page: Page, label: string): Promise<void> {
  const slider = page.getByRole("slider", { name: label, exact: true });
  await slider.scrollIntoViewIfNeeded();
  const box = await slider.boundingBox();
  if (!box) throw new Error(`There is no slider “${label}” to be seen.`);
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.3, y);
  await page.mouse.down();
  for (let at = 0.3; at <= 0.6; at += 0.05) await page.mouse.move(box.x + box.width * at, y);
  await page.mouse.up();
}

test("on wasm: sliders, views and pause answer within 200 ms while it trains", async ({ page }) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm" });
  await playground.makeStepsSmall();
  await playground.button("Play").click();
  await playground.expectBegun();

  const expectQuickAnswers = await watchInteractions(page);
  const rate = page.getByRole("slider", { name: "learning rate", exact: true });
  const before = await rate.inputValue();
  await drag(page, "learning rate");
  expect(await rate.inputValue()).not.toBe(before);
  await page.keyboard.press("ArrowRight");
  for (const name of VIEWS) {
    await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name }).click();
    await expect(page.getByRole("main", { name })).toBeVisible();
  }
  await playground.button("Pause").click();
  await expect(playground.button("Play")).toBeVisible();
  // One for the hand and one for the key on the slider, one a view, and the pause.
  await expectQuickAnswers(test.info(), VIEWS.length + 3);
  await playground.expectReady();
  expect(playground.problems).toEqual([]);
});

/** Looking closely at one image of a group. */
import { expect, test } from "@playwright/test";
import { Playground } from "../playground.ts";

test("an image is looked at closely, with its reward's parts, while the run goes on", async ({ page }) => {
  const playground = new Playground(page);
  await playground.openRecorded("#/train?step=2");
  const first = playground.button("Inspect image 1");
  await expect(first).toBeVisible();
  await first.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("It asks itself");
  await expect(dialog).toContainText(/Reward\d\.\d\d/);
  await expect(dialog).toContainText(/The group earned \d\.\d\d on average/);
  await expect(dialog.getByRole("status")).toContainText(/^image 1 of 8 · step \d+ · seed /);
  await page.keyboard.press("ArrowRight");
  await expect(dialog.getByRole("status")).toContainText("image 2 of 8");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await expect(dialog.getByRole("status")).toContainText("image 8 of 8");
  await playground.keepScreenshot("inspector");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  expect(playground.problems).toEqual([]);
});

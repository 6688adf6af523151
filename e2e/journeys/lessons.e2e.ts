/** From a lesson to one's own run, and links that carry it. */
import { expect, type Page, test } from "@playwright/test";
import { Playground } from "../playground.ts";

const LESSONS = ["Colour binding", "Counting", "Reward hacking", "KL too low", "Group of two"];

const field = (page: Page, name: string) => page.getByRole("textbox", { name, exact: true });

test("every lesson has its recording", async ({ page }) => {
  const playground = new Playground(page);
  await playground.openRecorded();
  for (const title of LESSONS) {
    await playground.chooseLesson(title);
    await expect(playground.lesson).toContainText(title);
    await expect(playground.status).toContainText(`${title}: a real run`);
    await expect(playground.button("Pause")).toBeEnabled();
    await playground.keepScreenshot(`lesson-${title.toLowerCase().replaceAll(" ", "-")}`);
  }
  expect(playground.problems).toEqual([]);
});

test("lesson, try it, live on wasm, and back to the recording with one key", async ({ page }) => {
  const playground = new Playground(page);
  await playground.openRecorded();
  await playground.chooseLesson("Counting");
  await playground.button("Try it live").click();
  await expect(playground.status).toContainText("training in a worker", { timeout: 180_000 });
  await expect(page.getByRole("combobox", { name: "prompts", exact: true })).toHaveValue("counting");
  await playground.expectBegun();
  await playground.keepScreenshot("lesson-live");
  await page.keyboard.press("l");
  await expect(playground.playback).toBeVisible();
  await expect(playground.status).toContainText("recorded");
  // The live run goes on meanwhile.
  await expect(playground.button("Back to live")).toBeEnabled();
  await page.keyboard.press("l");
  await expect(playground.status).toContainText("training in a worker");
  await playground.button("Stop").click();
  await playground.expectReady();
  expect(playground.problems).toEqual([]);
});

test("a link carries lesson, settings, step and what is hidden", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const playground = new Playground(page);
  await playground.openRecorded("#/train?v=1&hide=advanced,filmstrip");
  await playground.chooseLesson("Counting");
  // The key would open the menu again: it has the focus.
  await playground.button("Pause").click();
  await playground.playback.getByRole("slider").fill("3");
  await playground.set("group size G", 4);
  await expect(page.getByText("A recording stays as it was.")).toBeVisible();
  await expect(page).toHaveURL(/#\/train\?v=1&lesson=counting&groupSize=4&step=3&hide=advanced,filmstrip$/);
  await playground.button("Share").click();
  await page.getByRole("menuitem", { name: /^Copy link/ }).click();
  await expect(page.getByText("Link copied")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toContain("&groupSize=4&step=3&");

  const other = await context.newPage();
  const visitor = new Playground(other);
  await other.goto(link);
  await visitor.expectStep(3);
  await expect(visitor.lesson).toContainText("Counting");
  await expect(field(other, "group size G")).toHaveValue("4");
  await expect(visitor.button(/^Advanced/)).toBeHidden();
  await expect(other.getByRole("region", { name: /^Filmstrip/ })).toBeHidden();
  expect(visitor.problems).toEqual([]);
});

test("what a link asks for in vain is said in sentences, with a way on", async ({ page }) => {
  const playground = new Playground(page);
  await playground.openRecorded("#/nowhere?v=7&groupSize=99&hue=4&lesson=cooking");
  const notice = page.getByRole("status", { name: "About this link" });
  await expect(notice).toContainText("There is no page “nowhere” here");
  await expect(notice).toContainText("newer version");
  await expect(notice).toContainText("“hue”");
  await expect(notice).toContainText("“group size G” cannot be 99; 32 is used.");
  await expect(notice).toContainText("no lesson “cooking”");
  await expect(field(page, "group size G")).toHaveValue("32");
  await playground.keepScreenshot("bad-link");
  await playground.button("Open without it").click();
  await expect(notice).toBeHidden();
  await expect(field(page, "group size G")).toHaveValue("8");
  await expect(page).toHaveURL(/#\/train$/);
  expect(playground.problems).toEqual([]);
});

test("views are reached by keys and by the way back, with title and focus", async ({ page }) => {
  const playground = new Playground(page);
  await playground.openRecorded();
  const main = page.getByRole("main");
  const present = page.getByRole("navigation", { name: "Views" }).locator("[aria-current=page]");
  const views = [
    ["2", "Arena"],
    ["3", "GenEval"],
    ["4", "How it works"],
    ["5", "Present"],
    ["6", "Runs"],
  ] as const;
  for (const [key, title] of views) {
    await page.keyboard.press(key);
    await expect(page).toHaveTitle(`${title} · UniRL Playground`);
    await expect(main).toBeFocused();
    await expect(main).toHaveAccessibleName(title);
    // A presentation stands alone, without the header.
    await expect(present).toHaveText(title === "Present" ? [] : [title]);
  }
  await page.goBack();
  await expect(page).toHaveTitle("Present · UniRL Playground");
  await page.goForward();
  await expect(page.getByRole("region", { name: "Recorded runs" })).toContainText("Counting");
  await page.keyboard.press("1");
  await expect(page).toHaveTitle("UniRL Playground");

  await page.reload();
  await page.keyboard.press("Tab");
  await expect(playground.button("Skip to the content")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(main).toBeFocused();
  await expect(page).toHaveURL(/#\/train/);
  expect(playground.problems).toEqual([]);
});

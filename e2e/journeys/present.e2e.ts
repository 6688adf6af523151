/** On a stage: beats, black-out, notes, full screen, recorded and live, all by keys. */
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { Playground } from "../playground.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const HEADLINES = [
  "A few words go in.",
  "It draws each of them 8 times.",
  "Then it looks, and asks itself.",
  "What it recognises earns a reward.",
  "Before, and now.",
  "Does it get better?",
];
/** What the last row can read. */
const LEAST_PX = 28;

const headline = (page: Page) => page.getByRole("heading", { level: 1 });
const dark = (page: Page) => page.getByRole("button", { name: /^Black-out\. Press/ });
const notes = (page: Page) => page.getByRole("region", { name: "Notes" });
const badge = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

async function open(page: Page, hash = "#/present?v=1&step=6", query = ""): Promise<void> {
  await page.goto(`/?autoload=0&model=nano&backend=wasm${query}${hash}`);
  await expect(headline(page)).toBeVisible();
}

/** Words on the stage that are smaller than the last row can read. */
const smallWords = (page: Page) =>
  page.getByRole("main").evaluate((main, least) => {
    const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    const small: string[] = [];
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const parent = node.parentElement;
      const isShown = node.textContent?.trim() && parent && !parent.closest(".visuallyHidden, section");
      if (isShown && Number.parseFloat(getComputedStyle(parent).fontSize) < least)
        small.push(node.textContent ?? "");
    }
    return small;
  }, LEAST_PX);

test("a recorded run is told beat by beat, by keys, and a link leads to a beat", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const playground = new Playground(page);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await open(page);
  for (const [at, words] of HEADLINES.entries()) {
    await expect(headline(page)).toHaveText(words);
    await expect(page.getByRole("button", { name: `Beat ${at + 1} of 6` })).toHaveAttribute(
      "aria-current",
      "step",
    );
    expect(await smallWords(page), words).toEqual([]);
    await page.keyboard.press(at % 2 === 0 ? "ArrowRight" : "PageDown");
  }
  // The last one holds.
  await expect(headline(page)).toHaveText("Does it get better?");
  await expect(page.getByRole("img", { name: "Reward over 6 steps, from 0 to 1." })).toBeVisible();
  await expect(page.getByRole("table").getByRole("row", { name: /^judge/ })).toContainText(/0\.\d+/);
  await page.keyboard.press("ArrowLeft");
  await expect(headline(page)).toHaveText("Before, and now.");
  await expect(page.getByRole("img", { name: /^“.+” drawn at step 0/ })).toBeVisible();
  await expect(page.getByRole("img", { name: /^“.+” drawn at step 5/ })).toBeVisible();
  await page.keyboard.press("Shift+ArrowLeft");
  await expect(page.getByText("again at step 5")).toBeVisible();
  await page.keyboard.press("Shift+ArrowRight");
  await expect(page.getByText("now, step 10")).toBeVisible();
  await expect(page).toHaveURL(/#\/present\?.*beat=change/);
  await page.reload();
  await expect(headline(page)).toHaveText("Before, and now.");
  expect(asked.filter((path) => /\.safetensors$|\.wasm$/.test(path))).toEqual([]);
  expect(playground.problems).toEqual([]);
});

test("question and reward tell of the same images while the run goes on", async ({ page }) => {
  const playground = new Playground(page);
  await open(page, "#/present?v=1&step=2&beat=question");
  const image = page.getByRole("img", { name: /^Image \d for “.+”, step \d+, reward/ }).first();
  const told = await image.getAttribute("aria-label");
  await page.keyboard.press("Space");
  await expect(page.getByText(/^step 4/)).toBeVisible();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByText("more like these").last()).toBeVisible();
  await expect(page.getByRole("img", { name: told ?? "", exact: true })).toBeVisible();
  expect(playground.problems).toEqual([]);
});

test("black-out, notes, keys and full screen come and go with one key each", async ({ page }) => {
  const playground = new Playground(page);
  await open(page);
  await page.keyboard.press("n");
  await expect(notes(page)).toContainText("No pictures go in");
  await page.keyboard.press("b");
  await expect(dark(page)).toBeFocused();
  await expect(notes(page)).toHaveCount(0);
  // The next beat may be made ready in the dark.
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press(".");
  await expect(dark(page)).toBeHidden();
  await expect(headline(page)).toHaveText("It draws each of them 8 times.");
  await expect(notes(page)).toContainText("Chance makes the images differ");
  await page.keyboard.press("n");
  await expect(notes(page)).toBeHidden();

  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keys" });
  await expect(keys).toContainText("Black-out");
  await expect(keys).toContainText("Recorded or live");
  await page.keyboard.press("Escape");
  await expect(keys).toBeHidden();

  const isFull = () => page.evaluate(() => document.fullscreenElement !== null);
  await page.keyboard.press("f");
  await expect.poll(isFull).toBe(true);
  await page.keyboard.press("b");
  await expect(dark(page)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dark(page)).toBeHidden();
  await page.keyboard.press("f");
  await expect.poll(isFull).toBe(false);
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/#\/train/);
  await expect(playground.playback).toBeVisible();
  // Elsewhere the keys mean what they meant.
  await page.keyboard.press("b");
  await expect(dark(page)).toBeHidden();
  expect(playground.problems).toEqual([]);
});

test("the notes stand in a window of their own, whose keys lead the talk", async ({ page, context }) => {
  const playground = new Playground(page);
  await open(page);
  await page.keyboard.press("n");
  const opened = context.waitForEvent("page");
  await page.getByRole("button", { name: "Notes in a window" }).click();
  const popup = await opened;
  await expect(notes(page)).toHaveCount(0);
  await expect(headline(popup)).toHaveText("A few words go in.");
  await expect(popup.getByRole("main")).toContainText("No pictures go in");
  await expect(popup.getByRole("main")).toContainText("Next: It draws each of them 8 times.");
  await popup.keyboard.press("ArrowRight");
  await expect(headline(page)).toHaveText("It draws each of them 8 times.");
  await expect(popup.getByRole("main")).toContainText("Chance makes the images differ");
  // Its words are dressed as the page is.
  expect(await headline(popup).evaluate((element) => getComputedStyle(element).fontSize)).toBe("34px");
  await popup.screenshot({ path: "artifacts/screens/present-notes-window.png" });
  await page.keyboard.press("b");
  await expect(dark(page)).toBeVisible();
  await expect(popup.getByRole("main")).toContainText("Chance makes the images differ");
  await page.keyboard.press("b");
  await page.keyboard.press("w");
  await expect.poll(() => popup.isClosed()).toBe(true);

  const again = context.waitForEvent("page");
  await page.keyboard.press("w");
  await (await again).close();
  // Closed by hand, it is known to be closed: the key opens it anew.
  const third = context.waitForEvent("page");
  await expect(async () => {
    await page.keyboard.press("w");
    await expect.poll(() => context.pages().length, { timeout: 1000 }).toBe(2);
  }).toPass();
  await third;
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/#\/train/);
  await expect.poll(() => context.pages().length).toBe(1);
  expect(playground.problems).toEqual([]);
});

test("R offers live and loads nothing by itself; R again goes on with the recording", async ({ page }) => {
  const playground = new Playground(page);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await open(page);
  await page.keyboard.press("r");
  await expect(headline(page)).toHaveText("Live, on this machine.");
  await expect(playground.button(/^Load the model \(\d+ kB\)$/)).toBeVisible();
  await expect(badge(page, "live")).toBeVisible();
  await page.keyboard.press("r");
  await expect(badge(page, "recorded")).toBeVisible();
  await expect(headline(page)).toHaveText("A few words go in.");
  expect(asked.filter((path) => /\.safetensors$|\.wasm$/.test(path))).toEqual([]);
  expect(playground.problems).toEqual([]);
});

test("live on the stage; when it breaks, the recording takes over and says so", async ({ page }) => {
  const playground = new Playground(page);
  const small = "groupSize=4&promptsPerStep=1&decodeSteps=2&remaskDraws=1&answerTokens=4";
  await open(page, `#/present?v=1&${small}`, "&fail=nan");
  await page.keyboard.press("r");
  await playground.button(/^Load the model/).click();
  await playground.button("Play live").click({ timeout: 180_000 });
  await expect(page.getByText(/^step 1/)).toBeVisible({ timeout: 180_000 });
  await expect(badge(page, "recorded, live has stopped")).toBeVisible({ timeout: 180_000 });
  await expect(headline(page)).toHaveText("A few words go in.");
  // Why it stopped, and the way on, are one key away.
  await page.keyboard.press("r");
  await expect(playground.card).toBeVisible();
  expect(playground.problems).toEqual([]);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`every beat is accessible in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await open(page);
    const playground = new Playground(page);
    const expectAccessible = async (what: string) => {
      const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
      expect(found, what).toEqual([]);
      await playground.keepScreenshot(`present-${what}-${colorScheme}`);
    };
    for (const at of HEADLINES.keys()) {
      await expectAccessible(`beat-${at + 1}`);
      await page.keyboard.press("ArrowRight");
    }
    for (const [key, what] of [
      ["n", "notes"],
      ["?", "keys"],
      ["b", "dark"],
    ] as const) {
      await page.keyboard.press(key);
      await expectAccessible(what);
    }
    await page.keyboard.press("Escape");
    await page.keyboard.press("r");
    await expectAccessible("live");
  });
}

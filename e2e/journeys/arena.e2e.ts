/** The arena: recorded pairs judged blind without a model; and two states of a model that draw here. */
import { readFile } from "node:fs/promises";
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { Playground } from "../playground.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** Two drawings and two answers on two busy cores. */
const DRAWING_MS = 120_000;

const pair = (page: Page) => page.getByRole("region", { name: "The pair" });
const votes = (page: Page) => page.getByRole("region", { name: "Votes" });
const earlier = (page: Page) => page.getByRole("region", { name: "Earlier pairs" });
const picture = (page: Page, letter: "A" | "B") =>
  page.getByRole("img", { name: new RegExp(`^Picture ${letter} for “.+”$`) });

async function expectAccessible(page: Page, state: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  expect(found, state).toEqual([]);
}

async function openRecorded(page: Page, hash = "#/arena"): Promise<Playground> {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const playground = new Playground(page);
  await playground.openRecorded(hash);
  return playground;
}

test("recorded pairs are judged blind by keys, without a model, and the votes are kept and taken away", async ({
  page,
}) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const playground = await openRecorded(page);
  await expect(picture(page, "A")).toBeVisible();
  await expect(picture(page, "B")).toBeVisible();
  await expect(pair(page)).toContainText("recorded");
  await expect(votes(page)).toContainText("0–100 % with 95 % confidence");
  // Whose is whose is nowhere on the page.
  await expect(page.getByRole("main")).not.toContainText(/before training|after training/);
  await expect(page.getByRole("img", { name: /training/ })).toHaveCount(0);

  await page.keyboard.press("ArrowLeft");
  await expect(pair(page).getByRole("status")).toContainText(/^You chose A\. A: (before|after) training/);
  await expect(page.getByRole("img", { name: /^“.+” drawn before training \([AB]\)$/ })).toBeVisible();
  await expect(votes(page)).toContainText("1 blind vote");
  // Of one vote, Wilson: 0 of 1 is 0–79 %, 1 of 1 is 21–100 %.
  await expect(votes(page)).toContainText(/(0–79|21–100) % with 95 % confidence/);
  // A pair has one vote.
  await page.keyboard.press("ArrowRight");
  await expect(votes(page)).toContainText("1 blind vote");

  await page.keyboard.press("n");
  await expect(pair(page).getByRole("status")).toContainText("Names come after your vote.");
  await playground.button("Tie").click();
  // Whoever pressed a button goes on from the next one.
  await expect(playground.button("Next pair")).toBeFocused();
  await expect(votes(page)).toContainText("2 blind votes; 1 tie, left out of the rate");
  await playground.button("Take back").click();
  await expect(votes(page)).toContainText("1 blind vote");
  await playground.button("Both bad").click();
  await expect(votes(page)).toContainText("2 votes, 1 of them blind; 1 both bad, left out of the rate");
  await expect(earlier(page).getByRole("button")).toHaveCount(2);
  await playground.keepScreenshot("arena-recorded");

  const download = page.waitForEvent("download");
  await playground.button("Save as CSV").click();
  const lines = (await readFile(await (await download).path(), "utf8")).trimEnd().split("\r\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toBe("time,origin,title,prompt,seed,blind,left,left step,right,right step,vote,better");
  expect(lines[1]).toMatch(/,recorded,.*,yes,(before|after) training,\d+,(before|after) training,\d+,left,/);
  expect(lines[2]).toMatch(/,no,.*,bothBad,$/);

  await page.reload();
  await expect(votes(page)).toContainText("2 votes, 1 of them blind");
  // It goes on with a pair that has no vote.
  await expect(picture(page, "A")).toBeVisible();
  await playground.button("Clear").click();
  await playground.button("Forget").click();
  await expect(votes(page)).toContainText("No votes yet.");
  await page.reload();
  await expect(votes(page)).toContainText("No votes yet.");
  expect(asked.filter((path) => /\.safetensors$|\.wasm$/.test(path))).toEqual([]);
  expect(playground.problems).toEqual([]);
});

test("all recorded pairs can be judged, and then live is the way on", async ({ page }) => {
  const playground = await openRecorded(page);
  const next = playground.button("Next pair");
  for (let judged = 0; judged < 100; judged++) {
    await expect(picture(page, "A")).toBeVisible();
    await page.keyboard.press("ArrowRight");
    await expect(pair(page).getByRole("status")).toContainText("You chose B.");
    if ((await pair(page).getByRole("status").textContent())?.includes("the last recorded pair")) break;
    await next.click();
  }
  await expect(next).toBeDisabled();
  await expect(votes(page).getByRole("list", { name: "All meetings" }).getByRole("listitem")).toHaveCount(5);
  await playground.button("Draw this live").click();
  await expect(page.getByText("once the model is loaded")).toBeVisible();
  await expect(playground.button(/^Load the model/)).toBeVisible();
  expect(playground.problems).toEqual([]);
});

test("pictures are swiped and blinked by keys, and names are shown on demand", async ({ page }) => {
  const playground = await openRecorded(page);
  await expect(picture(page, "A")).toBeVisible();
  await playground.button("Swipe").click();
  const border = page.getByRole("slider", { name: "Border between A and B" });
  await border.focus();
  await expect(border).toHaveAttribute("aria-valuetext", "50 % A, 50 % B");
  await page.keyboard.press("ArrowRight");
  await expect(border).toHaveAttribute("aria-valuetext", "51 % A, 49 % B");
  await page.keyboard.press("Home");
  await expect(border).toHaveAttribute("aria-valuetext", "0 % A, 100 % B");
  // Its arrows are no votes.
  await expect(votes(page)).toContainText("No votes yet.");
  await border.fill("30");
  await playground.keepScreenshot("arena-swipe");

  await playground.button("Blink").first().click();
  await expect(picture(page, "A")).toBeVisible();
  await expect(picture(page, "B")).toBeHidden();
  await playground.button("Show the other").click();
  await expect(picture(page, "A")).toBeHidden();
  await expect(picture(page, "B")).toBeVisible();
  await playground.keepScreenshot("arena-blink");

  await page.getByRole("checkbox", { name: "Blind" }).uncheck();
  await expect(pair(page)).toContainText("before training");
  await page.getByRole("checkbox", { name: "Blind" }).check();
  await expect(pair(page)).toContainText("before training");
  await page.keyboard.press("ArrowUp");
  await expect(votes(page)).toContainText("1 vote, 0 of them blind");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`a judged pair is accessible in each look in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const playground = await openRecorded(page);
    for (const key of ["ArrowLeft", "n", "ArrowRight", "n", "ArrowUp"]) {
      await expect(pair(page).getByRole("status")).not.toBeEmpty();
      await page.keyboard.press(key);
    }
    for (const look of ["Side by side", "Swipe", "Blink"]) {
      await pair(page)
        .getByRole("group", { name: "How to look" })
        .getByRole("button", { name: look })
        .click();
      await expectAccessible(page, look);
    }
    await playground.keepScreenshot(`arena-judged-${colorScheme}`);
  });
}

test("a link leads to the recorded pair of its prompt and seed, or to live where there is none", async ({
  page,
}) => {
  const playground = await openRecorded(page, "#/arena?prompt=a%20photo%20of%20three%20boats&seed=0/film/1");
  await expect(page.getByRole("heading", { name: "“a photo of three boats”" })).toBeVisible();
  await expect(pair(page)).toContainText("seed 0/film/1");
  await page.goto(`${page.url().split("#")[0]}#/arena?prompt=two%20purple%20cows&seed=12`);
  await expect(page.getByText("once the model is loaded")).toBeVisible();
  await expect(page).toHaveURL(/#\/arena\?.*prompt=two%20purple%20cows&seed=12/);
  expect(playground.problems).toEqual([]);
});

test("on wasm: two states draw the same prompt from the same seed, and are judged", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm" });
  await playground.makeStepsSmall();
  await playground.set("learning rate", 0.01);
  await playground.step(1);
  const row = page.getByRole("region", { name: /^Filmstrip/ }).getByRole("listitem");
  const prompt = /“(.+?)”/.exec((await row.first().textContent()) ?? "")?.[1] ?? "";
  expect(prompt).not.toBe("");

  await page.getByRole("link", { name: "Arena" }).click();
  const draw = playground.button("Generate both");
  await expect(draw).toBeDisabled();
  await expect(page.getByText("Say what to draw.")).toBeVisible();
  await page.getByRole("combobox", { name: "Prompt" }).fill(prompt);
  await page.getByRole("textbox", { name: "Seed" }).fill("5");
  await draw.click();
  await expect(picture(page, "A")).toBeVisible({ timeout: DRAWING_MS });
  await expect(picture(page, "B")).toBeVisible({ timeout: DRAWING_MS });
  await expect(pair(page)).toContainText(/Asked about each: “.+”/);
  await expect(pair(page).getByText(/^(< |> )?\d+(\.\d+)? %$/)).toHaveCount(2);
  await expect(pair(page)).toContainText("seed 5");
  await expectAccessible(page, "drawn");

  await playground.button("Swipe").click();
  await page.getByRole("slider", { name: "Border between A and B" }).press("ArrowLeft");
  await expect(page.getByRole("slider", { name: "Border between A and B" })).toHaveAttribute(
    "aria-valuetext",
    "49 % A, 51 % B",
  );
  await playground.button("Side by side").click();
  await playground.button("B better").click();
  await expect(pair(page).getByRole("status")).toContainText(/^You chose B\. A: .+\. B: .+\.$/);
  await expect(pair(page).getByRole("status")).toContainText("The model as it came");
  await expect(pair(page).getByRole("status")).toContainText(/step 1\b/);
  await expect(votes(page)).toContainText(/(0–79|21–100) % with 95 % confidence/);
  await expect(page.getByRole("region", { name: "What differs" })).toContainText("learning rate");
  await playground.keepScreenshot("arena-live");

  // Training rests for it, and that is said before.
  await playground.button("Play").click();
  await expect(page.getByText("It pauses while these are drawn.")).toBeVisible();
  await page.keyboard.press("n");
  await expect(picture(page, "B")).toBeVisible({ timeout: DRAWING_MS });
  await expect(pair(page)).not.toContainText("seed 5");
  await playground.expectReady();
  expect(playground.problems).toEqual([]);
});

test("a drawing is stopped, and what was finished stays", async ({ page }) => {
  const playground = new Playground(page);
  await playground.visit({ model: "nano", backend: "wasm" });
  await playground.expectReady();
  await page.goto(`${page.url().split("#")[0]}#/arena?prompt=a%20photo%20of%20a%20cup&seed=5`);
  // The run that is open has not learnt anything, and is another one all the same.
  const stop = pair(page).getByRole("button", { name: "Stop", exact: true });
  // The model is small: whoever comes later than the button's first frame comes too late.
  await pair(page).evaluate((region) => {
    new MutationObserver((_, observer) => {
      const button = [...region.querySelectorAll("button")].find(({ textContent }) => textContent === "Stop");
      if (!button) return;
      observer.disconnect();
      button.click();
    }).observe(region, { childList: true, subtree: true });
  });
  await playground.button("Generate both").click();
  await expect(pair(page).getByRole("status")).toContainText("Stopped.", { timeout: DRAWING_MS });
  await expect(stop).toBeHidden();
  await expect(playground.button("A better")).toBeDisabled();
  await playground.button("Generate both").click();
  await expect(picture(page, "B")).toBeVisible({ timeout: DRAWING_MS });
  expect(playground.problems).toEqual([]);
});

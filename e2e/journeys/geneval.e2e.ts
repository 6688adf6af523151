/** Two states of the model before the outside judge: run, pause, go on, take away, and find it again. */
import { readFile } from "node:fs/promises";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { parseJudgedFile } from "../../src/engine/eval/geneval/judgedFile.ts";
import { watchMainThread } from "../mainThread.ts";
import { Playground } from "../playground.ts";

/** Images a state: several batches, so that there is something between the first and the last. */
const PROMPTS = 60;
const JUDGING_MS = 300_000;

class Judging {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async open(): Promise<void> {
    await this.#page.getByRole("link", { name: "GenEval" }).click();
    await expect(this.#page.getByRole("heading", { name: "What an outsider sees" })).toBeVisible();
  }

  async choose(label: string, value: string): Promise<void> {
    await this.#page.getByRole("combobox", { name: label }).selectOption(value);
  }

  async press(name: string): Promise<void> {
    await this.#page.getByRole("main").getByRole("button", { name, exact: true }).click();
  }

  button(name: string): Locator {
    return this.#page.getByRole("main").getByRole("button", { name, exact: true });
  }

  async judgedOf(letter: string): Promise<number> {
    const progress = this.#page.getByRole("progressbar", { name: `Judged of ${letter}` });
    return Number(await progress.getAttribute("aria-valuenow"));
  }

  async expectWhole(): Promise<void> {
    await expect(this.#page.getByText("All of it is judged.")).toBeVisible({ timeout: JUDGING_MS });
    expect([await this.judgedOf("A"), await this.judgedOf("B")]).toEqual([PROMPTS, PROMPTS]);
  }

  /** Rows of the table twin. */
  async readTable(): Promise<string[]> {
    await this.press("Show as table");
    const rows = await this.#page
      .getByRole("table", { name: /^Scores by task/ })
      .getByRole("row")
      .allInnerTexts();
    await this.press("Show as bars");
    return rows;
  }

  async save(name: string): Promise<{ name: string; text: string }> {
    const download = this.#page.waitForEvent("download");
    await this.press(name);
    const file = await download;
    return { name: file.suggestedFilename(), text: await readFile(await file.path(), "utf8") };
  }
}

test("a run is judged beside the model it came from, pauses, goes on, is taken away and found again", async ({
  page,
}) => {
  const playground = new Playground(page);
  const judging = new Judging(page);
  await playground.open({ model: "nano", backend: "wasm" });
  await playground.makeStepsSmall();
  await playground.step(1);
  await playground.expectSaved(1);

  await judging.open();
  await judging.choose("Images a prompt", "1");
  await judging.choose("Prompts", String(PROMPTS));
  await expect(page.getByText(`${2 * PROMPTS} images to draw and judge`)).toBeVisible();
  await judging.press("Run");
  await expect.poll(() => judging.judgedOf("A"), { timeout: JUDGING_MS }).toBeGreaterThan(0);
  await judging.press("Pause");
  await expect(judging.button("Go on")).toBeEnabled({ timeout: JUDGING_MS });
  const judged = await judging.judgedOf("A");
  expect(judged).toBeGreaterThan(0);
  expect(await judging.judgedOf("B")).toBe(0);
  await expect(page.getByText(`${2 * PROMPTS - judged} images to go`)).toBeVisible();
  await playground.keepScreenshot("geneval-paused");

  const expectFreeMainThread = await watchMainThread(page);
  await judging.press("Go on");
  await judging.expectWhole();
  await expectFreeMainThread(test.info());
  await expect(page.getByText(/^Judged by judge-nano/)).toBeVisible();
  const scores = await judging.readTable();
  expect(scores).toHaveLength(8);

  const csv = await judging.save("CSV");
  expect(csv.text.split("\r\n")).toHaveLength(1 + 2 * PROMPTS + 1);
  const lines = await judging.save("JSON Lines of B");
  const file = parseJudgedFile(lines);
  expect(file?.header).toMatchObject({
    model: "nano",
    judge: "judge-nano",
    seed: 0,
  });
  expect(file?.header.adapter).not.toBeNull();
  expect(file?.images).toHaveLength(PROMPTS);
  const wrong = file?.images.filter(({ correct }) => !correct) ?? [];
  expect(wrong.length).toBeGreaterThan(0);
  await expect(page.getByText(wrong[0]?.reasons[0]?.text ?? "").first()).toBeVisible();
  await playground.keepScreenshot("geneval-judged");

  await page.reload();
  await judging.expectWhole();
  expect(await judging.readTable()).toEqual(scores);
  expect(playground.problems).toEqual([]);
});

test("judging offers the model first, and says when nobody judges it", async ({ page }) => {
  await page.route("**/models/manifest.json", async (route) => {
    const manifest = await (await route.fetch()).json();
    for (const model of manifest.models) delete model.judge;
    await route.fulfill({ json: manifest });
  });
  const playground = new Playground(page);
  await page.goto("/?model=nano&backend=wasm&autoload=0#/geneval");
  const main = page.getByRole("main");
  await main.getByRole("button", { name: /^Load the model/ }).click();
  await expect(page.getByRole("heading", { name: "Nobody to judge this model" })).toBeVisible({
    timeout: JUDGING_MS,
  });
  expect(playground.problems).toEqual([]);
});

/** Runs that this browser keeps: listed, pinned, compared, branched off, taken away, brought back and deleted. */
import { readFile } from "node:fs/promises";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { Playground } from "../playground.ts";

/** What a person does on the page's list of runs. */
class Shelf {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async go(): Promise<void> {
    await this.#page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Runs" }).click();
    await expect(this.#page.getByRole("heading", { name: "Your runs" })).toBeVisible();
  }

  get rows(): Locator {
    const list = this.#page.getByRole("region", { name: "Kept in this browser" });
    return list.getByRole("listitem").filter({ has: this.#page.getByRole("heading") });
  }

  row(name: string | RegExp): Locator {
    return this.rows.filter({ has: this.#page.getByRole("heading", { name }) });
  }

  async choose(row: Locator, item: string): Promise<void> {
    await row.getByRole("button", { name: /^More for/ }).click();
    await this.#page.getByRole("menuitem", { name: item }).click();
  }

  get dialog(): Locator {
    return this.#page.getByRole("dialog").or(this.#page.getByRole("alertdialog"));
  }

  async pin(row: Locator, title: string): Promise<void> {
    await this.choose(row, "Pin as it is now…");
    await this.dialog.getByRole("textbox", { name: "Title" }).fill(title);
    await this.#page.keyboard.press("Enter");
    await expect(this.dialog).toBeHidden();
  }
}

const compared = (page: Page) => page.getByRole("region", { name: "Compare runs" });

test("a run is kept, pinned, branched off, compared, taken away and deleted", async ({ page }) => {
  const playground = new Playground(page);
  const shelf = new Shelf(page);
  await playground.open({ model: "nano", backend: "wasm" });
  await shelf.go();
  await expect(page.getByText("Nothing is kept yet.")).toBeVisible();
  await playground.button("Train one").click();
  await playground.makeStepsSmall();
  await playground.step(1);
  await shelf.go();
  await expect(shelf.rows).toHaveCount(1);
  const open = shelf.row(/open$/);
  // The open run is called by what was changed, and is shown as it is now.
  await expect(open).toContainText("Colour binding, group size G 4, prompts per step 1 and 3 more");
  await expect(open).toContainText(/step1reward\d\.\d\dsize/);
  await expect(page.getByRole("region", { name: "Storage" })).toContainText(/^1 run, .+ granted$/);

  await shelf.pin(open, "After one step");
  await expect(shelf.rows).toHaveCount(2);
  const pinned = shelf.row(/^pinned: After one step/);
  await expect(pinned).toBeVisible();
  await open.getByRole("button", { name: /^Go to it/ }).click();
  await expect(page).toHaveURL(/#\/train/);
  await playground.set("learning rate", 0.002);
  await playground.step(2);
  await page.keyboard.press("6");
  await expect(open).toContainText(/step2reward/);
  // Later steps leave the copy alone.
  await expect(pinned).toContainText(/step1reward/);

  await expect(compared(page)).toContainText("Tick two to 5 runs above");
  await page.getByRole("checkbox", { name: /^Compare After one step/ }).check();
  await expect(compared(page)).toContainText("Tick another run to compare with After one step.");
  await page.getByRole("checkbox").nth(0).check();
  await page.getByRole("checkbox").nth(1).check();
  const table = compared(page).getByRole("table");
  await expect(table.getByRole("row", { name: /^step/ })).toContainText(/1.*2|2.*1/);
  await expect(table.getByRole("row", { name: /^learning rate/ })).toContainText("6e-4");
  await expect(table.getByRole("row", { name: /^learning rate/ })).toContainText("2e-3");
  await expect(table.getByRole("row", { name: /^group size G/ })).toHaveCount(0);
  const curve = compared(page).getByRole("img", {
    name: /^reward over the steps: .*After one step \d\.\d+ at last/,
  });
  await expect(curve).toBeVisible();
  await playground.button("Show as table").click();
  const steps = page.getByRole("table", { name: "reward of each step" });
  // The copy has the first step alone.
  await expect(steps.getByRole("row")).toHaveText([/^step/, /^1\d\.\d+\d\.\d+$/, /^2(–\d\.\d+|\d\.\d+–)$/]);
  await playground.keepScreenshot("runs-compared");

  // A pinned run is gone on with in a copy; it stays.
  await pinned.getByRole("button", { name: /^Open a copy/ }).click();
  await playground.expectFinished(1);
  await playground.expectReady();
  await shelf.go();
  await expect(shelf.rows).toHaveCount(3);
  await expect(open).toContainText(/step1reward/);
  await shelf.choose(open, "Branch off a copy");
  await expect(page).toHaveURL(/#\/train/);
  await playground.step(2);
  await shelf.go();
  await expect(shelf.rows).toHaveCount(4);

  const download = page.waitForEvent("download");
  await shelf.choose(pinned, "Export");
  const exported = await download;
  expect(exported.suggestedFilename()).toMatch(/^unirl-nano-robust-seed0-step1\.zip$/);
  await shelf.choose(pinned, "Delete…");
  await expect(shelf.dialog).toContainText("Delete “After one step”?");
  await page.keyboard.press("Escape");
  await expect(shelf.rows).toHaveCount(4);
  await shelf.choose(pinned, "Delete…");
  await shelf.dialog.getByRole("button", { name: "Delete" }).click();
  await expect(pinned).toHaveCount(0);
  await expect(shelf.rows).toHaveCount(3);

  const chooser = page.waitForEvent("filechooser");
  await playground.button("Choose a file…").click();
  const file = { name: exported.suggestedFilename(), mimeType: "application/zip" };
  await (await chooser).setFiles({ ...file, buffer: await readFile(await exported.path()) });
  await expect(page.getByRole("region", { name: "The run is stored in this browser" })).toBeVisible();
  await playground.button("Not now").click();
  await expect(shelf.rows).toHaveCount(4);

  // The open run is not lost unsaid, and another takes its place.
  await shelf.choose(open, "Delete…");
  await expect(shelf.dialog).toContainText("It is the run that is open.");
  await shelf.dialog.getByRole("button", { name: "Delete" }).click();
  await expect(shelf.rows).toHaveCount(3);
  await expect(open).toHaveCount(0);
  await page.keyboard.press("1");
  await playground.expectReady();
  await expect(page.getByRole("textbox", { name: "group size G" })).toHaveValue("4");
  expect(playground.problems).toEqual([]);
});

test("a run that another tab trains is refused here, with a copy as the way on", async ({
  page,
  context,
}) => {
  const first = new Playground(page);
  await first.open({ model: "nano", backend: "wasm" });
  await first.makeStepsSmall();
  await first.step(1);
  await first.button("Save").click();
  await first.expectSaved(1);

  const other = await context.newPage();
  const second = new Playground(other);
  const shelf = new Shelf(other);
  await second.visit({ model: "nano", backend: "wasm" });
  await expect(second.resumeOffer).toBeVisible({ timeout: 180_000 });
  await shelf.go();
  await shelf.rows.first().getByRole("button", { name: /^Open/ }).click();
  await expect(second.card).toContainText("This run is open in another tab");
  await expect(other).toHaveURL(/#\/runs/);
  await second.keepScreenshot("runs-two-tabs");
  await shelf.choose(shelf.rows.first(), "Branch off a copy");
  await expect(other).toHaveURL(/#\/train/);
  await second.step(2);
  expect([...first.problems, ...second.problems]).toEqual([]);
});

test("without a model there is one sentence and a way to load it", async ({ page }) => {
  const playground = new Playground(page);
  await playground.openRecorded("#/runs");
  const kept = page.getByRole("region", { name: "Kept in this browser" });
  await expect(kept).toContainText("listed when it is open");
  await expect(page.getByRole("region", { name: "Recorded runs" })).toContainText("Counting");
  await kept.getByRole("button", { name: /^Load the model/ }).click();
  await expect(kept).toContainText("Nothing is kept yet.", { timeout: 180_000 });
  await expect(page).toHaveURL(/#\/runs/);
  expect(playground.problems).toEqual([]);
});

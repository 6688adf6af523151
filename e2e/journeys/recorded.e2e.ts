/** The first seconds: a recorded run moves at once and needs nothing; the model comes when it is wanted. */
import { expect, test } from "@playwright/test";
import { Playground } from "../playground.ts";

/** design/ux.md 7. */
const MOVING_MS = 3000;

/** Milliseconds since the navigation until the page shows how an image is being drawn. */
const firstMovement = () =>
  new Promise<number>((resolve) => {
    const look = () => {
      const grids = [...document.querySelectorAll("canvas[aria-label$='tokens decided']")];
      const isMoving = grids.some((grid) => !/: 0 of/.test(grid.getAttribute("aria-label") ?? ""));
      if (isMoving) resolve(performance.now());
      else requestAnimationFrame(look);
    };
    look();
  });

test("opens moving, without a model, a worker or a GPU", async ({ page }) => {
  const playground = new Playground(page);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  let workers = 0;
  page.on("worker", () => {
    workers++;
  });
  await playground.openRecorded();
  const movingMs = await page.evaluate(firstMovement);
  test.info().annotations.push({ type: "moving after", description: `${Math.round(movingMs)} ms` });
  expect(movingMs).toBeLessThan(MOVING_MS);
  await expect(playground.status).toContainText("recorded");
  await expect(playground.lesson).toContainText("Colour binding");
  await expect(page.getByRole("img", { name: /^Image 1 for “.+”, step 2/ })).toBeVisible();
  await expect(playground.curveOf(1)).toBeVisible();
  await playground.keepScreenshot("recorded");
  expect(asked.filter((path) => /\.safetensors$|\.wasm$/.test(path))).toEqual([]);
  expect(workers).toBe(0);
  expect(playground.problems).toEqual([]);
});

test("rests at a finished step where motion is not wanted", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const playground = new Playground(page);
  await playground.openRecorded();
  await playground.expectStep(1);
  await expect(page.getByRole("img", { name: /^Image 1 for “.+”, step 1/ })).toBeVisible();
  await expect(playground.button("Play")).toBeEnabled();
});

test("the recording is played, paused, stepped and searched with the keyboard", async ({ page }) => {
  const playground = new Playground(page);
  await playground.openRecorded();
  await expect(playground.button("Pause")).toBeEnabled();
  await page.keyboard.press("Space");
  await expect(playground.button("Play")).toBeEnabled();
  await page.keyboard.press("r");
  await playground.expectStep(0);
  await page.keyboard.press(".");
  await playground.expectStep(1);
  await expect(playground.button("Play")).toBeEnabled();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await playground.expectStep(3);
  await expect(playground.curveOf(3)).toBeVisible();
  await page.keyboard.press("ArrowLeft");
  await playground.expectStep(2);
  await playground.playback.getByRole("slider").fill("5");
  await playground.expectStep(5);
  await expect(playground.curveOf(5)).toBeVisible();
  // A recording cannot be saved.
  await page.keyboard.press("s");
  await expect(playground.card).toBeHidden();
});

test("any step is looked at again, compared with another, and measured by what it cost", async ({ page }) => {
  const playground = new Playground(page);
  await playground.openRecorded("#/train?step=6");
  await playground.expectStep(6);
  const steps = page.getByRole("slider", { name: "look at step" });
  await steps.fill("5");
  // One slider: the group, the filmstrip and the numbers are of the same step.
  await expect(page.getByRole("img", { name: /^Image 1 for “.+”, step 5/ })).toBeVisible();
  await expect(page.getByRole("button", { name: "Look at step 5" }).first()).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await expect(page.getByText("Step 5", { exact: true })).toBeVisible();
  await page.keyboard.press("c");
  const swipe = page.getByRole("slider", { name: "Swipe between step 0 and step 5" }).first();
  await swipe.focus();
  await page.keyboard.press("ArrowRight");
  await expect(swipe).toHaveAttribute("aria-valuetext", "51 percent of step 0");
  await playground.keepScreenshot("swiped");
  await playground.button("Pin: compare with step 5").click();
  await playground.button("step 5: Back to now").click();
  await expect(page.getByText("step 5, pinned").first()).toBeVisible();
  await expect(page.getByRole("img", { name: /^Image 1 for “.+”, step 6/ })).toBeVisible();

  await page.getByRole("combobox", { name: "Curves over" }).selectOption("images");
  await steps.fill("2");
  await expect(page.getByText(/^64 images · /)).toBeVisible();

  await playground.button("Use the seed of image 1").click();
  const arena = page.getByRole("menuitem", { name: "Draw it in the Arena" });
  await expect(arena).toHaveAttribute("href", /^#\/arena\?prompt=a%20photo.+&seed=0%2Fstep%2F/);
  await page.keyboard.press("Escape");
  await page.reload();
  await expect(page.getByRole("combobox", { name: "Curves over" })).toHaveValue("images");
  expect(playground.problems).toEqual([]);
});

test("loading says its bytes before, is stopped, keeps what came and goes on", async ({ page }) => {
  const playground = new Playground(page);
  const asked: string[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/models/nano/*", async (route) => {
    const name = new URL(route.request().url()).pathname.split("/").at(-1) ?? "";
    asked.push(name);
    if (name === "model.safetensors") await held;
    // A request that was cancelled in the meantime cannot be answered any more.
    await route.continue().catch(() => undefined);
  });
  await playground.openRecorded();
  const load = playground.button(/^Load the model \(\d+ kB\)$/);
  await load.click();
  await expect(playground.playback).toContainText(/\d+(\.\d+)? kB of \d+ kB/);
  await playground.keepScreenshot("loading");
  await playground.button("Stop loading").click();
  const goOn = playground.button(/^Go on loading \(.+ of .+\)$/);
  await expect(goOn).toBeVisible();
  const before = asked.length;
  release();
  await goOn.click();
  await expect(playground.button("Play live")).toBeEnabled({ timeout: 120_000 });
  // What had come is not asked for again.
  expect(asked.slice(before)).not.toContain("config.json");
  expect(asked.slice(before)).toContain("model.safetensors");
  expect(playground.problems).toEqual([]);
});

test("a damaged recording is refused, and live is offered all the same", async ({ page }) => {
  await page.route("**/runs/*/run.bin", async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 0xff;
    await route.fulfill({ response, body });
  });
  const playground = new Playground(page);
  await playground.openRecorded();
  await expect(playground.card).toContainText("A file is damaged");
  await expect(playground.button(/^Load the model/)).toBeEnabled();
});

test("a recording that does not come is asked for again", async ({ page }) => {
  let isGone = true;
  await page.route("**/runs/*/run.bin", (route) => (isGone ? route.abort() : route.continue()));
  const playground = new Playground(page);
  await playground.openRecorded();
  await expect(playground.card).toContainText("The download failed");
  isGone = false;
  await playground.card.getByRole("button", { name: "Reconnect" }).click();
  await expect(playground.card).toBeHidden();
  await expect(playground.button("Pause")).toBeEnabled();
});

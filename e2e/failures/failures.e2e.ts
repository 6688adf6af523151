/** Every failure shows its card and a way on, and the way works. */
import { expect, test } from "@playwright/test";
import { Playground } from "../playground.ts";
import { damageCheckpoints } from "../storedRuns.ts";

test("no WebGPU: the card leads to WebAssembly, and training works there", async ({ page }) => {
  const playground = new Playground(page);
  await playground.visit({ model: "nano", backend: "webgpu", fail: "nogpu" });
  await expect(playground.card).toContainText("WebGPU is not available");
  await playground.keepScreenshot("failure-no-webgpu");
  await playground.button("Use WebAssembly").click();
  await playground.expectReady();
  await expect(playground.status).toContainText("WebAssembly");
  await playground.makeStepsSmall();
  await playground.step(1);
});

test("lost device: the first time the run comes back by itself, the second time the card asks", async ({
  page,
}) => {
  const playground = new Playground(page);
  const notice = page.getByRole("status", { name: "After a reset of the GPU" });
  await playground.open({ model: "nano", backend: "webgpu", fail: "lostTwice" });
  await playground.makeStepsSmall();
  await playground.set("save every", 1);
  await playground.button("Step").click();
  await expect(notice).toContainText(
    "The GPU was reset at step 1; the run goes on from the checkpoint of step 1.",
    {
      timeout: 400_000,
    },
  );
  await expect(playground.card).toBeHidden();
  await playground.keepScreenshot("state-comeback");
  await playground.expectReady();
  await playground.button("Step").click();
  await expect(playground.card).toContainText("The graphics device was reset", { timeout: 400_000 });
  await expect(notice).toBeHidden();
  await playground.keepScreenshot("failure-device-lost");
  await playground.button("Reconnect").click();
  await playground.expectReady();
  await expect(playground.card).toBeHidden();
  await playground.step(3);
});

test("killed worker: restarting it brings the run back", async ({ page }) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm", fail: "crash" });
  await playground.makeStepsSmall();
  await playground.button("Play").click();
  await expect(playground.card).toContainText("The training worker stopped answering", { timeout: 400_000 });
  await expect(playground.card).toContainText("crashed on purpose");
  await playground.keepScreenshot("failure-worker-crash");
  await playground.button("Reconnect").click();
  await playground.expectReady();
  await playground.step(1);
});

test("silent worker: the missing heartbeat is noticed", async ({ page }) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm", fail: "hang" });
  await playground.makeStepsSmall();
  await playground.button("Play").click();
  await expect(playground.card).toContainText("it has been silent for", { timeout: 400_000 });
  await playground.button("Reconnect").click();
  await playground.expectReady();
});

test("one damaged checkpoint: the one before it is used, and the page says so", async ({ page }) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm" });
  await playground.makeStepsSmall();
  await playground.step(1);
  await playground.expectSaved(1);
  await playground.step(2);
  await playground.expectSaved(2);
  expect(await damageCheckpoints(page, "newest")).toBe(1);
  await page.reload();
  await playground.button("Continue at step 2").click();
  await playground.expectFinished(1);
  await expect(playground.card).toContainText("the one before it is used");
  await playground.keepScreenshot("failure-one-checkpoint");
  await playground.step(2);
});

test("all checkpoints damaged: a new run is offered and starts", async ({ page }) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm" });
  await playground.makeStepsSmall();
  await playground.step(1);
  await playground.expectSaved(1);
  expect(await damageCheckpoints(page, "all")).toBe(1);
  await page.reload();
  await playground.button("Continue at step 1").click();
  await expect(playground.card).toContainText("The saved run is damaged");
  await playground.keepScreenshot("failure-checkpoint-corrupt");
  await playground.card.getByRole("button", { name: "Start a new run" }).click();
  await playground.expectReady();
  await expect(playground.card).toBeHidden();
  await playground.makeStepsSmall();
  await playground.step(1);
});

test("numbers that are not finite: stopped before the update, and the page stays usable", async ({
  page,
}) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm", fail: "nan" });
  await playground.makeStepsSmall();
  await playground.button("Play").click();
  await expect(playground.card).toContainText("The numbers ran away", { timeout: 400_000 });
  await playground.card.getByRole("button", { name: "Start a new run" }).click();
  await playground.expectReady();
  await playground.makeStepsSmall();
  await playground.step(1);
});

test("numbers that are not finite: back to the last checkpoint, at half the rate, and on", async ({
  page,
}) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm", fail: "nan" });
  await playground.makeStepsSmall();
  await playground.set("save every", 1);
  const rate = page.getByRole("textbox", { name: "learning rate", exact: true });
  const before = Number(await rate.inputValue());
  await playground.button("Play").click();
  await expect(playground.card).toContainText("The numbers ran away", { timeout: 400_000 });
  const isWide = () =>
    page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  await expect(page.getByRole("region", { name: "Notices" })).toContainText("Back to step 1");
  expect(await isWide()).toBe(false);
  await playground.keepScreenshot("failure-nan-saved");
  await playground.card.getByRole("button", { name: /^Back to step 1: Learning rate/ }).click();
  await expect(playground.card).toBeHidden();
  await playground.expectReady();
  await expect.poll(async () => Number(await rate.inputValue())).toBeCloseTo(before / 2, 6);
  await playground.expectFinished(1);
  await playground.step(2);
});

test("full storage: training goes on unsaved", async ({ page }) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm", fail: "quota" });
  await playground.makeStepsSmall();
  await playground.step(1);
  await expect(playground.card).toContainText("storage is full");
  await playground.card.getByRole("button", { name: "Go on" }).click();
  await playground.step(2);
});

test("unknown model: the card names what the site has", async ({ page }) => {
  const playground = new Playground(page);
  await page.goto("/?model=nothing&backend=wasm&live=1");
  await expect(playground.card).toContainText("The model is not there");
  await expect(playground.card).toContainText("nano");
});

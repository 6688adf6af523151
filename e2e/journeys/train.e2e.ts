import { expect, test } from "@playwright/test";
import { watchMainThread } from "../mainThread.ts";
import { Playground } from "../playground.ts";

test("on WebGPU: play two steps, see images, answers and curves, reload, resume and go on", async ({
  page,
}) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "webgpu" });
  await expect(playground.status).toContainText("WebGPU");
  await playground.keepScreenshot("idle-webgpu");
  await playground.makeStepsSmall();

  const expectFreeMainThread = await watchMainThread(page);
  await playground.button("Play").click();
  await playground.expectFinished(1);
  await playground.button("Pause").click();
  await playground.expectReady();
  // Pause stops within the second step; Step finishes it.
  await playground.step(2);
  await expectFreeMainThread(test.info());

  await expect(page.getByRole("img", { name: /^Image 4 for “.+”, step \d+/ })).toBeVisible();
  await expect(
    page
      .getByRole("listitem")
      .filter({ hasText: /reward [01]\.\d\d/ })
      .first(),
  ).toContainText(/“.+”|\(no answer\)/);
  await playground.keepScreenshot("two-steps-webgpu");
  const savedLine = await playground.status.textContent();
  const saved = Number(/saved .*?step (\d+)/.exec(savedLine ?? "")?.[1]);
  expect(saved).toBeGreaterThanOrEqual(2);

  await page.reload();
  await expect(playground.resumeOffer).toContainText(`Step ${saved}`, { timeout: 60_000 });
  await playground.keepScreenshot("resume-webgpu");
  await playground.button(`Continue at step ${saved}`).click();
  await playground.expectReady();
  await playground.expectFinished(saved);
  await playground.step(saved + 1);
  await playground.expectSaved(saved + 1);
  expect(playground.problems).toEqual([]);
});

test("on wasm: one full step of the shipped model", async ({ page }) => {
  const playground = new Playground(page);
  await playground.open({ model: "showo-tiny", backend: "wasm" });
  await expect(playground.status).toContainText("WebAssembly");
  await playground.makeStepsSmall();
  const expectFreeMainThread = await watchMainThread(page);
  await playground.step(1);
  await expectFreeMainThread(test.info());
  await expect(page.getByRole("img", { name: /^Image 1 for “.+”, step 1/ })).toBeVisible();
  await playground.keepScreenshot("one-step-wasm");
  expect(playground.problems).toEqual([]);
});

test("stop reaches the drawing, drops the step and leaves the page ready", async ({ page }) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm" });
  // A long drawing, so that there is time to stop it.
  await playground.openAdvanced();
  await playground.set("decoding steps T", 64);
  const expectFreeMainThread = await watchMainThread(page);
  await playground.button("Play").click();
  await expect(page.getByText(/^decoding \d+ of \d+$/)).toBeVisible();
  await playground.button("Stop").click();
  await expect(playground.button("Play")).toBeEnabled({ timeout: 5000 });
  await playground.makeStepsSmall();
  await playground.step(1);
  await expectFreeMainThread(test.info());
  expect(playground.problems).toEqual([]);
});

test("slowed down, held still, told when to stop, and helped out of trouble", async ({ page }) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm", fail: "nan" });
  await playground.makeStepsSmall();
  await playground.button("Play").click();
  // The second step gives no finite number; the notice says what helps, and does it.
  const notice = page.getByRole("listitem").filter({ hasText: "is not finite" });
  await expect(notice).toBeVisible({ timeout: 200_000 });
  const rate = page.getByRole("textbox", { name: "learning rate", exact: true });
  const before = Number(await rate.inputValue());
  await notice.getByRole("button", { name: /^New run: Learning rate/ }).click();
  await expect(playground.card).toBeHidden();
  await expect.poll(async () => Number(await rate.inputValue())).toBeCloseTo(before / 2, 6);

  await page.getByRole("combobox", { name: "Stop when" }).selectOption("step");
  await page.getByRole("textbox", { name: "Last step" }).fill("4");
  await page.getByRole("textbox", { name: "Last step" }).press("Enter");
  await page.getByRole("combobox", { name: "Speed" }).selectOption("slow");
  await playground.button("Play").click();
  await expect(page.getByText("rᵢ = match(answer(xᵢ), right answer)")).toBeVisible({ timeout: 200_000 });
  // Between two phases the worker rests; the page goes on playing.
  await expect(playground.button("Pause")).toBeVisible();
  await playground.keepScreenshot("slow-motion");
  await page.getByRole("combobox", { name: "Speed" }).selectOption("max");

  await playground.button("Pause the display").click();
  await expect(page.getByText("The display is paused; training goes on.")).toBeVisible();
  const curve = page.getByRole("img", { name: /^Reward over \d steps/ });
  const still = (await curve.getAttribute("aria-label")) ?? "";
  expect(still).not.toContain("4 steps");
  await expect(page.getByText("It paused after step 4; Play goes on.", { exact: false })).toBeVisible({
    timeout: 400_000,
  });
  await playground.expectReady();
  await expect(curve).toHaveAttribute("aria-label", still);
  await page.keyboard.press("d");
  await playground.expectFinished(4);

  await page.keyboard.press("ArrowLeft");
  await expect(page.getByRole("img", { name: /^Image 1 for “.+”, step 3/ })).toBeVisible();
  await playground.button("More ways to reset").click();
  await page.getByRole("menuitem", { name: "New seed" }).click();
  await expect(page.getByRole("textbox", { name: "seed", exact: true })).not.toHaveValue("0", {
    timeout: 200_000,
  });
  expect(playground.problems).toEqual([]);
});

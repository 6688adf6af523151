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

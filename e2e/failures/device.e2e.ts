/** What is said of the device: on the way to the first step, and what it is and lacks. */
import { expect, test } from "@playwright/test";
import { Playground } from "../playground.ts";

test("WebGPU: checking and compiling are seen on the way to ready, and what the GPU lacks is said plainly", async ({
  page,
}) => {
  // Some stages last for a few frames only: every word of the status line is kept.
  await page.addInitScript(() => {
    const said: string[] = [];
    const look = () => {
      const words = document.querySelector("section[aria-label=Status]")?.textContent ?? "";
      if (said.at(-1) !== words) said.push(words);
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
    Object.assign(window, { said });
  });
  const playground = new Playground(page);
  await playground.visit({ model: "nano", backend: "webgpu", fail: "nof16" });
  const opening = page.getByRole("region", { name: "Opening the model" });
  await expect(opening).toContainText(/compiling shaders \d+ of \d+/, { timeout: 400_000 });
  await playground.keepScreenshot("state-warm-up");
  await playground.expectReady();
  const said = await page.evaluate(() => (window as unknown as { said: string[] }).said);
  const checking = said.findIndex((words) => words.includes("checking the GPU…"));
  const compiling = said.findIndex((words) => /compiling shaders \d+ of [1-9]\d*/.test(words));
  expect(checking).toBeGreaterThanOrEqual(0);
  expect(compiling).toBeGreaterThan(checking);

  const device = playground.status.getByRole("button", { name: /^WebGPU .* · WebGPU was asked for\.$/ });
  await device.click();
  await expect(device).toHaveAttribute("aria-expanded", "true");
  const facts = playground.status.getByRole("paragraph");
  await expect(facts).toContainText("This GPU has no 16-bit arithmetic (f16); nothing here needs it.");
  await expect(facts).not.toContainText("shader-f16");
  await playground.keepScreenshot("state-no-f16");
});

test("the reason for the backend is read in full in every window", async ({ page }) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm" });
  const device = playground.status.getByRole("button", { name: /wasm was asked for\.$/ });
  for (const width of [1440, 1024, 390]) {
    await page.setViewportSize({ width, height: 900 });
    await device.focus();
    await page.keyboard.press("Enter");
    const facts = playground.status.getByRole("paragraph");
    await expect(facts).toContainText("wasm was asked for.");
    const isCut = await facts.evaluate((element) => element.scrollWidth > element.clientWidth);
    expect(isCut).toBe(false);
    await playground.keepScreenshot(`status-facts-${width}`);
    await page.keyboard.press("Enter");
    await expect(facts).toBeHidden();
    if (width >= 1200) continue;
    // Where the line wraps, nothing is cut off even before it is pressed.
    expect(await device.evaluate((element) => element.scrollWidth > element.clientWidth)).toBe(false);
    await playground.keepScreenshot(`status-${width}`);
  }
});

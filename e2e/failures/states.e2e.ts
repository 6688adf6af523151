/** States that are no failure of ours: too little memory, other tabs, a hidden tab, groups that teach nothing. */
import { expect, test } from "@playwright/test";
import { Playground } from "../playground.ts";

test("memory gate: what is needed and allowed is said, and a larger budget begins the run", async ({
  page,
}) => {
  const playground = new Playground(page);
  await playground.visit({ model: "nano", backend: "wasm", fail: "gate" });
  await expect(playground.card).toContainText("Out of memory", { timeout: 400_000 });
  await expect(playground.card).toContainText(/takes [\d.]+ MiB, [\d.]+ MiB of it the weights/);
  await playground.keepScreenshot("state-memory-gate");
  await playground.button(/^Let it take [\d.]+ GiB$/).click();
  await playground.expectReady();
  await expect(playground.card).toBeHidden();
  await playground.makeStepsSmall();
  await playground.step(1);
});

test("out of memory in a run: it rests with its finished step, and goes on", async ({ page }) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm", fail: "oom" });
  await playground.makeStepsSmall();
  await playground.button("Play").click();
  await expect(playground.card).toContainText("Out of memory", { timeout: 400_000 });
  await expect(playground.card).toContainText("Step 1 is the last finished one.");
  await playground.button("Go on").click();
  await expect(playground.card).toBeHidden();
  await playground.step(2);
});

test("asked to load nothing by itself: the live run waits for a click, and then comes", async ({ page }) => {
  const playground = new Playground(page);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto("/?live=1&autoload=0&model=nano&backend=wasm");
  await expect(playground.status).toContainText("the model is not loaded");
  const load = page.getByRole("region", { name: "Train it yourself" }).getByRole("button", { name: /^Load/ });
  await expect(load).toBeEnabled();
  expect(asked.filter((path) => path.endsWith(".safetensors"))).toEqual([]);
  await load.click();
  await playground.expectReady();
  expect(asked.filter((path) => path.endsWith(".safetensors"))).not.toEqual([]);
});

test("saving asks the browser once to keep what is stored, not before, and says what it promised", async ({
  page,
}) => {
  await page.addInitScript(() => {
    Object.assign(window, { asked: 0 });
    navigator.storage.persisted = async () => false;
    navigator.storage.persist = async () => {
      (window as unknown as { asked: number }).asked += 1;
      return true;
    };
  });
  const asked = () => page.evaluate(() => (window as unknown as { asked: number }).asked);
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm" });
  await playground.makeStepsSmall();
  await playground.step(1);
  await playground.expectSaved(1);
  expect(await asked()).toBe(0);
  await playground.button("Save").click();
  await playground.button("Save").click();
  await expect.poll(asked).toBe(1);
  await page.getByRole("link", { name: "Runs" }).click();
  await expect(page.getByRole("region", { name: "Storage" })).toContainText(
    "The browser has promised to keep it.",
  );
  await playground.keepScreenshot("state-storage-promised");
  expect(await asked()).toBe(1);
});

test("two tabs: the second says who has the run, takes it over, and the first lets go", async ({
  context,
}) => {
  const first = new Playground(await context.newPage());
  await first.open({ model: "nano", backend: "wasm" });
  await first.makeStepsSmall();
  await first.step(1);
  await first.expectSaved(1);
  const second = new Playground(await context.newPage());
  await second.visit({ model: "nano", backend: "wasm" });
  await second.button("Continue at step 1").click({ timeout: 400_000 });
  await expect(second.card).toContainText("This run is open in another tab");
  await second.keepScreenshot("state-two-tabs");
  await second.button("Take it over here").click();
  await second.expectFinished(1);
  await expect(first.card).toContainText("This run goes on in another tab.");
  await second.step(2);
});

test("hidden tab: it saves, its title counts the steps, and on return the page is up to date", async ({
  page,
}) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm" });
  await playground.makeStepsSmall();
  const hide = (isHidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, isHidden);
  await playground.button("Play").click();
  await playground.expectBegun();
  await hide(true);
  await expect(page).toHaveTitle(/^Step ([2-9]|\d\d)/, { timeout: 400_000 });
  await hide(false);
  await expect(page).toHaveTitle(/^(?!Step)/);
  await playground.button("Pause").click();
  await playground.expectReady();
  await expect(playground.status).toContainText(/saved .*step ([2-9]|\d\d)/);
});

test("dead groups: after five steps without a difference the page says what to do", async ({ page }) => {
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm" });
  await playground.makeStepsSmall();
  await playground.set("group size G", 2);
  // An answer's first word is "The", which earns no image a point: all are equal.
  await playground.set("answer length", 1);
  await playground.button("Play").click();
  const notices = page.getByRole("region", { name: "Notices" });
  const dead = notices.getByRole("listitem").filter({
    hasText: "The last 5 steps taught nothing: in every group all images earned the same.",
  });
  await expect(dead).toBeVisible({ timeout: 400_000 });
  await expect(dead).toContainText("A higher temperature makes images of one prompt differ.");
  // What is said just after a change is gone a few steps later.
  await playground.button("Pause").click();
  await playground.expectReady();
  await dead.getByRole("button", { name: "Temperature 1.25" }).click();
  await expect(page.getByRole("textbox", { name: "temperature", exact: true })).toHaveValue("1.25");
  await expect(dead).toContainText("Changed just now: give it a few steps.");
  await playground.keepScreenshot("state-dead-groups");
});

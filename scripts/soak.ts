/**
 * Trains in one page and plays a recording in another, for as long as is said, and tells whether what they hold grows.
 * The exit code is 1 when it does.
 *
 *   npm run build && npm run soak -- --minutes 30
 */
import { type Browser, chromium, type Page } from "@playwright/test";
import { Command } from "commander";
import { preview } from "vite";
import { Playground } from "../e2e/playground.ts";
import { wholeNumber } from "../src/cli/options.ts";
import { ensureBrowser } from "./ensureBrowser.mjs";
import { FEWEST_SAMPLES, judgeGrowth, type Sample } from "./soak/growth.ts";
import { type HeapWatch, watchHeap } from "./soak/heap.ts";

const MINUTE_MS = 60_000;

/**
 * What may be added in 1000 steps. A run keeps its numbers, its filmstrip and the groups of its last steps
 * (`PAST_BYTES`): of the small steps here 14 MB in 1000. A recording that loops keeps nothing.
 */
const ALLOWED: Readonly<Record<string, number>> = {
  "live page, objects (MB)": 3,
  "live page, buffers (MB)": 20,
  "live worker, objects (MB)": 3,
  "live worker, buffers (MB)": 20,
  "live page, nodes": 500,
  "live page, listeners": 100,
  "live worker, tensors": 5,
  "recorded page, objects (MB)": 0.5,
  "recorded page, buffers (MB)": 0.5,
  "recorded page, nodes": 200,
  "recorded page, listeners": 50,
};

interface Watched {
  readonly page: Page;
  readonly heap: HeapWatch;
  readonly steps: () => Promise<number>;
}

/** A page that trains, in small steps: what leaks, leaks by the step. */
async function openLive(browser: Browser, baseURL: string): Promise<Watched> {
  const context = await browser.newContext({ baseURL, serviceWorkers: "block" });
  const page = await context.newPage();
  const heap = await watchHeap(page);
  const playground = new Playground(page);
  await playground.open({ model: "nano", backend: "wasm" });
  await playground.makeStepsSmall();
  await playground.button("Play").click();
  await playground.expectFinished(1);
  const curve = page.getByRole("img", { name: /^Reward over \d+ steps/ });
  const steps = async () => Number(/over (\d+)/.exec((await curve.getAttribute("aria-label")) ?? "")?.[1]);
  return { page, heap, steps };
}

/** A page that plays a recording again and again, as quickly as it does. */
async function openRecorded(browser: Browser, baseURL: string): Promise<Watched> {
  const context = await browser.newContext({ baseURL, serviceWorkers: "block" });
  const page = await context.newPage();
  const heap = await watchHeap(page);
  const playground = new Playground(page);
  await playground.openRecorded();
  await playground.button("Play again and again").click();
  await page.getByRole("combobox", { name: "Speed" }).selectOption("max");
  await page.evaluate(() => {
    const shown = document.querySelector("output");
    if (!shown) throw new Error("The page does not say its step.");
    Object.assign(window, { playedSteps: 0 });
    // Without a name: the bundler's way of keeping names does not reach the page.
    new MutationObserver(() =>
      Object.assign(window, { playedSteps: Number(Reflect.get(window, "playedSteps")) + 1 }),
    ).observe(shown, { subtree: true, characterData: true });
  });
  return { page, heap, steps: () => page.evaluate(() => Number(Reflect.get(window, "playedSteps"))) };
}

async function readTensors(page: Page): Promise<number> {
  const memory = page.getByRole("region", { name: "Status" }).locator("[title*=' tensors']");
  const title = (await memory.getAttribute("title")) ?? "";
  return Number(/([\d,]+) tensors/.exec(title)?.[1]?.replaceAll(",", ""));
}

type Series = Map<string, Sample[]>;

function keep(series: Series, name: string, step: number, value: number): void {
  const samples = series.get(name) ?? [];
  samples.push({ step, value });
  series.set(name, samples);
}

async function sample(series: Series, name: "live" | "recorded", watched: Watched): Promise<string> {
  const step = await watched.steps();
  const { page, worker, nodes, listeners } = await watched.heap.read();
  keep(series, `${name} page, objects (MB)`, step, page.objects);
  keep(series, `${name} page, buffers (MB)`, step, page.buffers);
  keep(series, `${name} page, nodes`, step, nodes);
  keep(series, `${name} page, listeners`, step, listeners);
  const said = [
    `${name}: step ${step}, page ${page.objects.toFixed(2)} + ${page.buffers.toFixed(2)} MB, ${nodes} nodes`,
  ];
  if (name === "live") {
    if (!worker) throw new Error("The live page has no worker to look at.");
    const tensors = await readTensors(watched.page);
    keep(series, "live worker, objects (MB)", step, worker.objects);
    keep(series, "live worker, buffers (MB)", step, worker.buffers);
    keep(series, "live worker, tensors", step, tensors);
    said.push(`worker ${worker.objects.toFixed(2)} + ${worker.buffers.toFixed(2)} MB, ${tensors} tensors`);
  }
  return said.join("; ");
}

/** Prints a table. @returns whether anything grows */
function report(series: Series): boolean {
  console.log(
    "| what | first | last | steps | per 1000 steps | allowed | |\n| --- | ---: | ---: | ---: | ---: | ---: | --- |",
  );
  let hasGrown = false;
  for (const [name, allowed] of Object.entries(ALLOWED)) {
    const { first, last, steps, per1000, isTooMuch } = judgeGrowth(series.get(name) ?? [], allowed);
    hasGrown ||= isTooMuch;
    const cells = [
      first.toFixed(2),
      last.toFixed(2),
      steps,
      per1000.toFixed(2),
      allowed,
      isTooMuch ? "GROWS" : "flat",
    ];
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
  return hasGrown;
}

async function soak(baseURL: string, minutes: number): Promise<boolean> {
  const browser = await chromium.launch({ executablePath: await ensureBrowser(), args: ["--no-sandbox"] });
  try {
    const live = await openLive(browser, baseURL);
    const recorded = await openRecorded(browser, baseURL);
    const series: Series = new Map();
    const begin = performance.now();
    // Enough samples for a line however short the run is, and no more than one a minute.
    const everyMs = Math.min(MINUTE_MS, (minutes * MINUTE_MS) / (FEWEST_SAMPLES * 2));
    for (let due = 0; due <= minutes * MINUTE_MS; due += everyMs) {
      await live.page.waitForTimeout(Math.max(0, begin + due - performance.now()));
      const said = [await sample(series, "live", live), await sample(series, "recorded", recorded)];
      console.error(`${((performance.now() - begin) / MINUTE_MS).toFixed(1)} min | ${said.join(" | ")}`);
    }
    console.log(`\nwatched for ${((performance.now() - begin) / MINUTE_MS).toFixed(1)} minutes\n`);
    return report(series);
  } finally {
    await browser.close();
  }
}

const { minutes } = new Command("soak")
  .description("train and play for a while, and tell whether what the page holds grows")
  .option("--minutes <count>", "how long", wholeNumber(1), 30)
  .parse()
  .opts<{ minutes: number }>();
const server = await preview({ preview: { port: 4195 }, logLevel: "error" });
const address = server.resolvedUrls?.local[0];
if (!address) throw new Error("The built page is not served: run `npm run build` first.");
const hasGrown = await soak(address, minutes).finally(() => server.close());
process.exit(hasGrown ? 1 : 0);

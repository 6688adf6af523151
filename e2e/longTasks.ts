/** Counts main-thread tasks over 50 ms: training must not cause any. */
import type { Page } from "@playwright/test";

/** Starts counting from now on. @returns reads the durations seen so far, ms */
export async function watchLongTasks(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const durations: number[] = [];
    Object.assign(globalThis, { longTasks: durations });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) durations.push(entry.duration);
    }).observe({ entryTypes: ["longtask"] });
  });
  return async () => await page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks);
}

/**
 * The page's budget: no task of its main thread uses more than 50 ms of CPU time while the worker trains
 * (design/ux.md section 7). What is proven: of every task that the renderer's main thread began between two marks,
 * Chromium's trace gives the CPU time of that thread, and the largest is within the budget. CPU time rather than wall
 * time, because here the worker, a software GPU and other programs share the processors with the page, and waiting
 * for them is not the page's work. Tests poll the page on the same thread; their tasks count as the page's. Not
 * proven: how long tasks last on a machine that is slower or has no processor to spare.
 *
 * A control closes each watch: a loop of known work on the main thread, after the second mark, has to show up over
 * the budget. A trace that is empty, cut short, of another thread or without CPU times fails, and so would a training
 * step on the main thread.
 */
import { expect, type Page, type TestInfo } from "@playwright/test";
import { startTrace, type TraceEvent } from "./trace.ts";

const BUDGET_MS = 50;
const BEGINS = "unirl:watch-begins";
const ENDS = "unirl:watch-ends";
const CONTROL = "unirl:control";
/** Dependent multiplications: at least 0.2 s on any processor of today, whatever else it runs. */
const CONTROL_TURNS = 3e8;
const SHOWN_TASKS = 5;
const SHOWN_PARTS = 3;

function mark(page: Page, name: string): Promise<void> {
  return page.evaluate((label) => void performance.mark(label), name);
}

function burn(page: Page): Promise<number> {
  return page.evaluate(
    ([name, turns]) => {
      performance.mark(name);
      let state = 1;
      for (let turn = 0; turn < turns; turn++) state = (Math.imul(state, 1664525) + turn) | 0;
      return state;
    },
    [CONTROL, CONTROL_TURNS] as const,
  );
}

function findMark(events: readonly TraceEvent[], name: string): TraceEvent {
  const found = events.find((event) => event.name === name);
  if (!found) throw new Error(`The trace lacks the mark ${name}.`);
  return found;
}

const cpuMs = ({ tdur }: TraceEvent): number => (tdur ?? Number.NaN) / 1000;

const holds = (task: TraceEvent, { ts }: TraceEvent): boolean =>
  task.ts <= ts && ts <= task.ts + (task.dur ?? 0);

/** The CPU time of a task and of the largest things it did. */
function describe(task: TraceEvent, thread: readonly TraceEvent[]): string {
  const parts = thread
    .filter((event) => event.ph === "X" && event.name !== "RunTask" && holds(task, event))
    .toSorted((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0))
    .slice(0, SHOWN_PARTS)
    .map((part) => `${part.name} ${cpuMs(part).toFixed(1)}`);
  return `${cpuMs(task).toFixed(1)} ms (${parts.join(", ") || "unnamed, as the test's own tasks are"})`;
}

/**
 * Starts watching the main thread.
 * @returns stops watching and asserts over the tasks since; the longest become an annotation of the test
 */
export async function watchMainThread(page: Page): Promise<(info: TestInfo) => Promise<void>> {
  const stopTrace = await startTrace(page);
  await mark(page, BEGINS);
  return async (info) => {
    await mark(page, ENDS);
    await burn(page);
    const events = await stopTrace();
    const begin = findMark(events, BEGINS);
    const end = findMark(events, ENDS);
    const control = findMark(events, CONTROL);
    const thread = events.filter(({ pid, tid }) => pid === begin.pid && tid === begin.tid);
    const tasks = thread.filter(({ name, ph }) => name === "RunTask" && ph === "X");
    const watched = tasks
      .filter(({ ts }) => ts >= begin.ts && ts <= end.ts)
      .toSorted((a, b) => cpuMs(b) - cpuMs(a));
    const longest = watched.slice(0, SHOWN_TASKS).map((task) => describe(task, thread));
    info.annotations.push({
      type: `longest of ${watched.length} main-thread tasks, CPU time`,
      description: longest.join("; "),
    });
    const controlTask = tasks.find((task) => holds(task, control));
    expect(controlTask ? cpuMs(controlTask) : 0, "CPU time of the control, in ms").toBeGreaterThan(BUDGET_MS);
    expect(watched.length, "tasks watched").toBeGreaterThan(0);
    const over = watched.filter((task) => !(cpuMs(task) <= BUDGET_MS)).map((task) => describe(task, thread));
    expect(over, `main-thread tasks over ${BUDGET_MS} ms of CPU time`).toEqual([]);
  };
}

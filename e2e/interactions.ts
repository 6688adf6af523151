/**
 * The page's budget for answering a person: 200 ms from an input to the paint that shows it (INP, design/ux.md
 * section 7). Chromium's Event Timing tells every interaction and how long it took on the clock. What is asserted is
 * what the page can answer for: of that time, the CPU time which the renderer's main thread used. Both are the same on
 * a machine that does nothing else; here a worker that trains and other programs share the processors, and waiting for
 * these is not the page's work. The times on the clock are told in an annotation of the test.
 *
 * A control closes each watch: a click whose handler works for long has to show up over the budget.
 */
import { expect, type Page, type TestInfo } from "@playwright/test";
import { startTrace, type TraceEvent } from "./trace.ts";

const BUDGET_MS = 200;
/** Dependent multiplications: at least 0.3 s on any processor of today. */
const CONTROL_TURNS = 5e8;
const CONTROL = "unirl:slow-control";
const BEGINS = "unirl:interactions-begin";

interface Interaction {
  /** Types of its events, such as "pointerdown pointerup click". */
  readonly types: string;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly ts: number;
}

/** CPU time of a thread's tasks within a stretch of time, ms; of a task that overlaps in part, its share. */
function cpuWithin(tasks: readonly TraceEvent[], from: number, to: number): number {
  return tasks.reduce((sum, { ts, dur = 0, tdur = 0 }) => {
    const shared = Math.min(to, ts + dur) - Math.max(from, ts);
    return shared > 0 && dur > 0 ? sum + (tdur * shared) / dur / 1000 : sum;
  }, 0);
}

/** The interactions that a trace tells of, in their order: events with the same number belong together. */
export function readInteractions(events: readonly TraceEvent[], pid: number, tid: number): Interaction[] {
  const tasks = events.filter(
    ({ name, ph, ...at }) => name === "RunTask" && ph === "X" && at.pid === pid && at.tid === tid,
  );
  const begun = events.filter(
    (event) =>
      event.name === "EventTiming" &&
      event.ph === "b" &&
      event.pid === pid &&
      (event.args?.data?.interactionId ?? 0) > 0,
  );
  const byNumber = new Map<number, TraceEvent[]>();
  for (const event of begun) {
    const number = event.args?.data?.interactionId ?? 0;
    byNumber.set(number, [...(byNumber.get(number) ?? []), event]);
  }
  return [...byNumber.values()].map((parts) => {
    const longest = parts.reduce((a, b) =>
      (a.args?.data?.duration ?? 0) >= (b.args?.data?.duration ?? 0) ? a : b,
    );
    const wallMs = longest.args?.data?.duration ?? Number.NaN;
    return {
      types: parts.map(({ args }) => args?.data?.type).join(" "),
      wallMs,
      cpuMs: cpuWithin(tasks, longest.ts, longest.ts + wallMs * 1000),
      ts: longest.ts,
    };
  });
}

/** A click that is answered late: proof that the watch would see one. */
async function clickSlowly(page: Page): Promise<void> {
  await page.evaluate(
    ([name, turns]) => {
      const button = document.createElement("button");
      Object.assign(button.style, { position: "fixed", inset: "0", zIndex: "9999" });
      button.addEventListener("click", () => {
        performance.mark(name);
        let state = 1;
        for (let turn = 0; turn < turns; turn++) state = (Math.imul(state, 1664525) + turn) | 0;
        button.textContent = String(state);
      });
      document.body.append(button);
    },
    [CONTROL, CONTROL_TURNS] as const,
  );
  await page.mouse.click(20, 20);
  // Two frames: the event is told of after the paint.
  await page.evaluate(
    () =>
      new Promise<void>((done) =>
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200))),
      ),
  );
}

const describe = ({ types, wallMs, cpuMs }: Interaction): string =>
  `${types}: ${Math.round(wallMs)} ms on the clock, ${cpuMs.toFixed(1)} ms of CPU`;

/**
 * Starts watching what a person does.
 * @returns stops watching and asserts over the interactions since
 */
export async function watchInteractions(
  page: Page,
): Promise<(info: TestInfo, fewest: number) => Promise<void>> {
  const stopTrace = await startTrace(page);
  await page.evaluate((name) => void performance.mark(name), BEGINS);
  return async (info, fewest) => {
    await clickSlowly(page);
    const events = await stopTrace();
    const begin = events.find(({ name }) => name === BEGINS);
    const slow = events.find(({ name }) => name === CONTROL);
    if (!begin || !slow) throw new Error("The trace lacks its marks.");
    const all = readInteractions(events, begin.pid, begin.tid);
    const isControl = ({ ts, wallMs }: Interaction) => ts <= slow.ts && slow.ts <= ts + wallMs * 1000;
    const watched = all.filter((interaction) => !isControl(interaction));
    const longest = watched.toSorted((a, b) => b.wallMs - a.wallMs);
    const p75 = longest[Math.floor(longest.length / 4)];
    info.annotations.push({
      type: `interaction to next paint, ${watched.length} interactions`,
      description: `longest ${longest.slice(0, 3).map(describe).join("; ")}; three of four within ${p75?.wallMs} ms`,
    });
    expect(
      Math.max(0, ...all.filter(isControl).map(({ cpuMs }) => cpuMs)),
      "CPU time of the control, ms",
    ).toBeGreaterThan(BUDGET_MS);
    expect(watched.length, "interactions watched").toBeGreaterThanOrEqual(fewest);
    const over = watched.filter(({ cpuMs }) => !(cpuMs <= BUDGET_MS)).map(describe);
    expect(over, `interactions answered after more than ${BUDGET_MS} ms of CPU time`).toEqual([]);
  };
}

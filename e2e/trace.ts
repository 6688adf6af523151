/**
 * Chromium's own record of what the threads of a page did. Each event carries the CPU time of its thread beside wall
 * time, so that waiting for a processor that others use does not count. Chromium only: it goes through CDP.
 */
import type { CDPSession, Page } from "@playwright/test";

/** One event of Chromium's trace format, times in µs. Complete events (`ph` "X") have a duration. */
export interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Wall clock at the start. */
  readonly ts: number;
  /** Wall time it took. */
  readonly dur?: number;
  /** CPU time its thread used during it. */
  readonly tdur?: number;
  /** Of `EventTiming`: what was done, and milliseconds until it was painted. */
  readonly args?: {
    readonly data?: { readonly type?: string; readonly interactionId?: number; readonly duration?: number };
  };
}

/** Tasks and what they consist of, and `performance.mark`. Few enough that minutes fit the browser's buffer. */
const CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "blink.user_timing"];
const CHUNK_BYTES = 1 << 22;

async function readStream(session: CDPSession, handle: string): Promise<string> {
  const chunks: Buffer[] = [];
  for (;;) {
    const { data, base64Encoded, eof } = await session.send("IO.read", { handle, size: CHUNK_BYTES });
    chunks.push(Buffer.from(data, base64Encoded ? "base64" : "utf8"));
    if (eof) break;
  }
  await session.send("IO.close", { handle });
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Records from now on.
 * @returns stops and gives the events of all threads; throws when the browser lost some
 */
export async function startTrace(page: Page): Promise<() => Promise<TraceEvent[]>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Tracing.start", {
    transferMode: "ReturnAsStream",
    traceConfig: { includedCategories: CATEGORIES, excludedCategories: ["*"] },
  });
  return async () => {
    const complete = new Promise<{ stream?: string; dataLossOccurred: boolean }>((resolve) => {
      session.once("Tracing.tracingComplete", resolve);
    });
    await session.send("Tracing.end");
    const { stream, dataLossOccurred } = await complete;
    if (!stream || dataLossOccurred) throw new Error("Chromium lost a part of its trace.");
    const { traceEvents } = JSON.parse(await readStream(session, stream)) as { traceEvents: TraceEvent[] };
    await session.detach();
    return traceEvents;
  };
}

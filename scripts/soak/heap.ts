/** What a page and its training worker hold once the garbage is collected. Chromium only: it goes through CDP. */
import type { CDPSession, Page } from "@playwright/test";

/** Megabytes of 10⁶ bytes. */
export interface Heap {
  /** JavaScript objects. */
  readonly objects: number;
  /** Array buffers and what else lies behind objects. */
  readonly buffers: number;
}

type Send = (method: string) => Promise<unknown>;

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Worker of a page: its commands travel inside the page's session. */
class WorkerChannel {
  readonly #session: CDPSession;
  readonly #sessionId: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #count = 0;

  constructor(session: CDPSession, sessionId: string) {
    this.#session = session;
    this.#sessionId = sessionId;
    session.on("Target.receivedMessageFromTarget", ({ sessionId: from, message }) => {
      if (from !== sessionId) return;
      const answer = JSON.parse(message) as Answer;
      this.#waiting.get(answer.id ?? -1)?.(answer);
      this.#waiting.delete(answer.id ?? -1);
    });
  }

  async send(method: string): Promise<unknown> {
    const id = ++this.#count;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    const message = JSON.stringify({ id, method });
    await this.#session.send("Target.sendMessageToTarget", { sessionId: this.#sessionId, message });
    const { result, error } = await answered;
    if (error) throw new Error(`${method} in the worker: ${error.message}`);
    return result;
  }
}

const MEGABYTE = 1e6;

async function measure(send: Send): Promise<Heap> {
  // Twice: what finalizers let go is garbage only then.
  await send("HeapProfiler.collectGarbage");
  await send("HeapProfiler.collectGarbage");
  const usage = (await send("Runtime.getHeapUsage")) as { usedSize: number; backingStorageSize?: number };
  return { objects: usage.usedSize / MEGABYTE, buffers: (usage.backingStorageSize ?? 0) / MEGABYTE };
}

export interface PageHeap {
  readonly page: Heap;
  /** Null where there is no worker. */
  readonly worker: Heap | null;
  /** Nodes of the document and nodes that something still holds. */
  readonly nodes: number;
  readonly listeners: number;
}

export interface HeapWatch {
  read(): Promise<PageHeap>;
}

/** Watches a page from before it opens. */
export async function watchHeap(page: Page): Promise<HeapWatch> {
  const session = await page.context().newCDPSession(page);
  let worker: WorkerChannel | null = null;
  session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
    if (targetInfo.type === "worker") worker ??= new WorkerChannel(session, sessionId);
  });
  // Not flat: Playwright knows no session of a worker.
  await session.send("Target.setAutoAttach", {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  const send = (method: string) => session.send(method as "Runtime.getHeapUsage");
  return {
    async read() {
      const channel = worker;
      const ofWorker = channel ? await measure((method) => channel.send(method)) : null;
      const ofPage = await measure(send);
      const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
      return { page: ofPage, worker: ofWorker, nodes, listeners: jsEventListeners };
    },
  };
}

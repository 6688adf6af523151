import { beforeEach, expect, it } from "vitest";
import { keepAwake } from "./keepAwake.ts";
import { createRunStore, type RunStore } from "./stores/runStore.ts";
import { createSettingsStore, type SettingsStore } from "./stores/settingsStore.ts";

/** A lock as browsers have it: one sentinel a request, released by hand or by the browser. */
class FakeLock {
  isRefusing = false;
  readonly sentinels: (EventTarget & { isHeld: boolean })[] = [];
  readonly request = async (): Promise<WakeLockSentinel> => {
    if (this.isRefusing) throw new DOMException("no", "NotAllowedError");
    const sentinel = Object.assign(new EventTarget(), {
      isHeld: true,
      release: async () => this.release(sentinel),
    });
    this.sentinels.push(sentinel);
    return sentinel as unknown as WakeLockSentinel;
  };
  release(sentinel: FakeLock["sentinels"][number] | undefined): void {
    if (!sentinel) return;
    sentinel.isHeld = false;
    sentinel.dispatchEvent(new Event("release"));
  }
  get held(): number {
    return this.sentinels.filter(({ isHeld }) => isHeld).length;
  }
}

let run: RunStore;
let settings: SettingsStore;
let lock: FakeLock;
let page: EventTarget & { hidden: boolean };
let stop: () => void;

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const show = (isShown: boolean) => {
  page.hidden = !isShown;
  page.dispatchEvent(new Event("visibilitychange"));
};

beforeEach(() => {
  run = createRunStore();
  settings = createSettingsStore("light", null);
  lock = new FakeLock();
  page = Object.assign(new EventTarget(), { hidden: false });
  stop = keepAwake({ run, settings }, lock, page as unknown as Document);
});

it("asks for nothing unless it is wanted, and holds while a run trains", async () => {
  run.setState({ state: "running" });
  await settled();
  expect(lock.sentinels).toHaveLength(0);
  settings.setState({ awake: "wanted" });
  await settled();
  expect(lock.held).toBe(1);
  run.setState({ step: 2 });
  await settled();
  expect(lock.sentinels).toHaveLength(1);
  run.setState({ state: "paused" });
  expect(lock.held).toBe(0);
});

it("lets go when the wish or the page ends", async () => {
  settings.setState({ awake: "wanted" });
  run.setState({ state: "running" });
  await settled();
  settings.setState({ awake: "off" });
  expect(lock.held).toBe(0);
  settings.setState({ awake: "wanted" });
  await settled();
  expect(lock.held).toBe(1);
  stop();
  expect(lock.held).toBe(0);
});

it("asks again when a tab that was hidden returns, and not while it is hidden", async () => {
  settings.setState({ awake: "wanted" });
  run.setState({ state: "running" });
  await settled();
  page.hidden = true;
  // The browser takes it back by itself.
  lock.release(lock.sentinels[0]);
  show(false);
  await settled();
  expect(lock.sentinels).toHaveLength(1);
  show(true);
  await settled();
  expect(lock.held).toBe(1);
});

it("gives back at once what was granted after the run paused", async () => {
  settings.setState({ awake: "wanted" });
  run.setState({ state: "running" });
  run.setState({ state: "paused" });
  await settled();
  expect([lock.sentinels.length, lock.held]).toEqual([1, 0]);
});

it("switches itself off when the browser refuses, and does not ask on and on", async () => {
  lock.isRefusing = true;
  settings.setState({ awake: "wanted" });
  run.setState({ state: "running" });
  await settled();
  expect(settings.getState().awake).toBe("refused");
  lock.isRefusing = false;
  run.setState({ step: 3 });
  await settled();
  expect(lock.sentinels).toHaveLength(0);
});

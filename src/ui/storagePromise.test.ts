import { beforeEach, expect, it } from "vitest";
import { askToKeep, recallPromise } from "./storagePromise.ts";
import { createDeviceStore, type DeviceStore } from "./stores/deviceStore.ts";

let device: DeviceStore;
let asked: number;
const keeper = (answer: () => Promise<boolean>) => ({
  persist: () => {
    asked++;
    return answer();
  },
  persisted: answer,
});

beforeEach(() => {
  device = createDeviceStore();
  asked = 0;
});

it("asks once and remembers the answer, whatever it is", async () => {
  const granting = keeper(async () => true);
  await Promise.all([askToKeep(device, granting), askToKeep(device, granting)]);
  expect([asked, device.getState().promise]).toEqual([1, "kept"]);

  device = createDeviceStore();
  const refusing = keeper(async () => false);
  await askToKeep(device, refusing);
  await askToKeep(device, refusing);
  expect([asked, device.getState().promise]).toEqual([2, "refused"]);
});

it("takes a question that fails for a refusal, and says nothing where there is nobody to ask", async () => {
  await askToKeep(device, null);
  expect(device.getState().promise).toBe("unasked");
  const failing = keeper(() => Promise.reject(new TypeError("opaque origin")));
  await recallPromise(device, failing);
  expect(device.getState().promise).toBe("unasked");
  await askToKeep(device, failing);
  expect(device.getState().promise).toBe("refused");
});

it("recalls an earlier promise without asking, so that it is not asked for again", async () => {
  const granting = keeper(async () => true);
  await recallPromise(device, granting);
  await askToKeep(device, granting);
  expect([asked, device.getState().promise]).toEqual([0, "kept"]);
});

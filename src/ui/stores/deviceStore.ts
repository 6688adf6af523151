/** What the engine runs on and how much it holds. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { EventOf, WorkerEvent } from "../../protocol/events.ts";

export interface DeviceView {
  readonly backend: EventOf<"backendStarted"> | null;
  readonly memory: EventOf<"memoryMeasured"> | null;
}

/** The device after one event; pure. */
export function reduceDevice(device: DeviceView, event: WorkerEvent): DeviceView {
  if (event.type === "backendStarted") return { ...device, backend: event };
  if (event.type === "memoryMeasured") return { ...device, memory: event };
  return device;
}

export type DeviceStore = StoreApi<DeviceView>;
export const createDeviceStore = (): DeviceStore =>
  createStore<DeviceView>(() => ({ backend: null, memory: null }));

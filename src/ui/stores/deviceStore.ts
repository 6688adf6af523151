/** What the engine runs on, how much it holds, and what the last step asked of it. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { EventOf, WorkerEvent } from "../../protocol/events.ts";
import { type PhaseCost, readCosts } from "./stepCost.ts";

export interface DeviceView {
  readonly backend: EventOf<"backendStarted"> | null;
  readonly memory: EventOf<"memoryMeasured"> | null;
  readonly costs: readonly PhaseCost[];
  /** Whether the browser promised to keep what is stored. */
  readonly promise: "unasked" | "asked" | "kept" | "refused";
}

/** The device after one event; pure. */
export function reduceDevice(device: DeviceView, event: WorkerEvent): DeviceView {
  if (event.type === "backendStarted") return { ...device, backend: event, costs: [] };
  if (event.type === "memoryMeasured") return { ...device, memory: event };
  if (event.type === "stepFinished") return { ...device, costs: readCosts(event.metrics) };
  return device;
}

export type DeviceStore = StoreApi<DeviceView>;
export const createDeviceStore = (): DeviceStore =>
  createStore<DeviceView>(() => ({ backend: null, memory: null, costs: [], promise: "unasked" }));

/** Whether the browser promised to keep what this page stores; asked for when a person first saves, never before. */
import type { DeviceStore } from "./stores/deviceStore.ts";

/** The part of the browser's storage manager that is used; tests pass a fake. */
export type StorageKeeper = Pick<StorageManager, "persist" | "persisted">;

function findKeeper(): StorageKeeper | null {
  // Absent in a page without a secure context.
  return "storage" in navigator ? navigator.storage : null;
}

/** Learns, without asking for anything, whether it was promised in an earlier visit. Never rejects. */
export async function recallPromise(device: DeviceStore, keeper = findKeeper()): Promise<void> {
  const isKept = await keeper?.persisted().catch(() => false);
  if (isKept) device.setState({ promise: "kept" });
}

/** Asks the browser to keep what is stored, once a visit. Never rejects. */
export async function askToKeep(device: DeviceStore, keeper = findKeeper()): Promise<void> {
  if (!keeper || device.getState().promise !== "unasked") return;
  device.setState({ promise: "asked" });
  // A refusal that throws, as from an opaque origin, promises as little as one that does not.
  const isKept = await keeper.persist().catch(() => false);
  device.setState({ promise: isKept ? "kept" : "refused" });
}

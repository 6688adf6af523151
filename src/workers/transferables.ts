/** Which buffers of an event may move instead of being copied: pixels and masks that nobody here keeps. */
import type { WorkerEvent } from "../protocol/events.ts";

/** Buffers to hand over. Filmstrip images are kept for the next checkpoint, so they are copied. */
export function listTransferables(event: WorkerEvent): ArrayBuffer[] {
  const views =
    event.type === "groupDrawn"
      ? event.images.map(({ rgb }) => rgb)
      : event.type === "drawProgressed"
        ? event.decided
        : [];
  const buffers = new Set(views.map(({ buffer }) => buffer));
  return [...buffers].filter((buffer) => buffer instanceof ArrayBuffer);
}

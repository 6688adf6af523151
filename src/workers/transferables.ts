/** Which buffers of a message may move instead of being copied: pixels, masks and files that its sender does not keep. */
import type { Command } from "../protocol/commands.ts";
import type { WorkerEvent } from "../protocol/events.ts";

/** Buffers to hand over. Filmstrip images are kept for the next checkpoint, so they are copied. */
export function listTransferables(event: WorkerEvent): ArrayBuffer[] {
  const views =
    event.type === "groupDrawn"
      ? event.images.map(({ rgb }) => rgb)
      : event.type === "drawProgressed"
        ? event.decided
        : event.type === "runExported"
          ? [event.bytes]
          : [];
  return buffersOf(views);
}

/** Buffers that the page hands over: files it has opened. */
export function listCommandTransferables(command: Command): ArrayBuffer[] {
  return command.type === "importRun" ? buffersOf(command.files.map(({ bytes }) => bytes)) : [];
}

function buffersOf(views: readonly Uint8Array[]): ArrayBuffer[] {
  const buffers = new Set(views.map(({ buffer }) => buffer));
  return [...buffers].filter((buffer) => buffer instanceof ArrayBuffer);
}

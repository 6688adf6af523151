/** What libraries made for browsers look for and Node lacks, once Dawn is open. */
import { availableParallelism } from "node:os";
import { openDawn } from "../../src/cli/node/dawn.ts";

let arePlaced = false;

/**
 * Dawn refuses views of shared memory, which browsers take and onnxruntime's threads bring. A copy goes in their place:
 * of weights before anything is timed, of a few bytes of uniforms within.
 */
function acceptSharedMemory(): void {
  const { writeBuffer } = GPUQueue.prototype;
  GPUQueue.prototype.writeBuffer = function (buffer, bufferOffset, data, ...rest) {
    const isShared = ArrayBuffer.isView(data) && data.buffer instanceof SharedArrayBuffer;
    // A typed array's slice has memory of its own.
    const own = isShared ? (data as Uint8Array).slice() : data;
    return writeBuffer.call(this, buffer, bufferOffset, own as GPUAllowSharedBufferSource, ...rest);
  };
}

/** Puts them in place, once. */
export async function placeBrowserGlobals(): Promise<void> {
  if (arePlaced) return;
  arePlaced = true;
  const gpu = await openDawn();
  const navigator = {
    gpu,
    userAgent: `Node ${process.version}`,
    hardwareConcurrency: availableParallelism(),
  };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  if (gpu) acceptSharedMemory();
}

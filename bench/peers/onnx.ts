/** Contenders of onnxruntime-web: the product with int4 weights. */
import { availableParallelism } from "node:os";
import type { InferenceSession, Tensor } from "onnxruntime-web";
import type { QuantisedMatrix } from "../../src/engine/quant/quantFormat.ts";
import type { Contender } from "../rounds.ts";
import { placeBrowserGlobals } from "./browserGlobals.ts";
import { type AccuracyLevel, encodeMatMulNBits } from "./matMulNBits.ts";

export interface Int4Product {
  readonly matrix: QuantisedMatrix;
  /** [rows, in] */
  readonly x: Float32Array;
  readonly rows: number;
}

/** Rounding activations to int8 loses this part of the largest result. */
const INT8_TOLERANCE = 0.05;
const ERRORS_ONLY = 3;

type Runtime = Pick<typeof import("onnxruntime-web"), "InferenceSession">;

function openSession(
  { InferenceSession }: Runtime,
  { matrix, rows }: Int4Product,
  accuracy: AccuracyLevel,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  const model = encodeMatMulNBits(matrix, rows, accuracy);
  return InferenceSession.create(model, { ...options, logSeverityLevel: ERRORS_ONLY });
}

interface Opened {
  readonly session: InferenceSession;
  readonly x: Tensor;
  readonly queue: GPUQueue | null;
}

async function openOnGpu(product: Int4Product, accuracy: AccuracyLevel): Promise<Opened> {
  await placeBrowserGlobals();
  const ort = await import("onnxruntime-web/webgpu");
  // Its threads do not start from this build in Node; they would only prepare work for the GPU.
  ort.env.wasm.numThreads = 1;
  ort.env.webgpu.powerPreference = "high-performance";
  const session = await openSession(ort, product, accuracy, {
    executionProviders: ["webgpu"],
    preferredOutputLocation: "gpu-buffer",
  });
  const device = await ort.env.webgpu.device;
  const { x, rows, matrix } = product;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffer = device.createBuffer({ size: x.byteLength, usage });
  device.queue.writeBuffer(buffer, 0, x as Float32Array<ArrayBuffer>);
  const dims = [rows, matrix.inSize];
  return {
    session,
    x: ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims }),
    queue: device.queue,
  };
}

async function openOnWasm(product: Int4Product): Promise<Opened> {
  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = availableParallelism();
  const session = await openSession(ort, product, 0, { executionProviders: ["wasm"] });
  return {
    session,
    x: new ort.Tensor("float32", product.x, [product.rows, product.matrix.inSize]),
    queue: null,
  };
}

/**
 * MatMulNBits with weights, input and output where it computes.
 * @returns the contender, and what ends its session
 */
export function onnxContender(
  product: Int4Product,
  provider: "webgpu" | "wasm",
  accuracy: AccuracyLevel,
): { readonly contender: Contender; readonly dispose: () => void } {
  let opened: Promise<Opened> | null = null;
  const open = () => {
    opened ??= provider === "webgpu" ? openOnGpu(product, accuracy) : openOnWasm(product);
    return opened;
  };
  const compute = async (): Promise<Tensor> => {
    const { session, x } = await open();
    const { y } = await session.run({ x });
    return y as Tensor;
  };
  const contender: Contender = {
    name: `onnxruntime-web ${provider}${accuracy === 4 ? ", x in int8" : ""}`,
    ...(accuracy === 4 ? { tolerance: INT8_TOLERANCE } : {}),
    prepare: async () => {
      await open();
    },
    run: async (times) => {
      for (let at = 0; at < times; at++) (await compute()).dispose();
      await (await open()).queue?.onSubmittedWorkDone();
    },
    values: async () => {
      const y = await compute();
      const values = (await y.getData()) as Float32Array;
      y.dispose();
      return values;
    },
  };
  const dispose = () => {
    opened?.then(({ session }) => session.release()).catch(() => {});
  };
  return { contender, dispose };
}

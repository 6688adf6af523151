/** Opens the outside judge's eyes: a small network of their own, which shares no weights with the models it judges. */
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../../errors.ts";
import { type ReadFile, readJson, readTensors } from "../../models/modelFolder.ts";
import type { ImageU8 } from "../../models/unified.ts";
import { type Parameters, uploadParameters } from "../../nn/namedParameters.ts";
import type { Detections, ObjectDetector } from "../geneval/detections.ts";
import { type DetectorConfig, parseDetectorConfig } from "./config.ts";
import { findObjects } from "./findObjects.ts";
import { detectorShapes, runDetector } from "./network.ts";

/** Pictures of one forward pass. */
const MAX_BATCH = 64;
const RGB = 3;

function checkImage({ width, height, rgb }: ImageU8, side: number): void {
  if (width === side && height === side && rgb.length === side * side * RGB) return;
  throw new EngineError(
    "badInput",
    `The judge looks at RGB pictures of ${side}×${side} pixels, not at ${rgb.length} bytes of ${width}×${height}.`,
    { width, height, bytes: rgb.length, side },
  );
}

async function detectBatch(
  network: Parameters,
  config: DetectorConfig,
  images: readonly ImageU8[],
): Promise<Detections[]> {
  const { side } = config;
  const bytes = new Int32Array(images.length * side * side * RGB);
  images.forEach((image, at) => {
    bytes.set(image.rgb, at * side * side * RGB);
  });
  const output = tf.tidy(() =>
    runDetector(network, config, tf.tensor4d(bytes, [images.length, side, side, RGB], "int32")),
  );
  try {
    const values = (await output.data()) as Float32Array;
    const size = values.length / images.length;
    return images.map((_, at) => findObjects(config, values.subarray(at * size, (at + 1) * size)));
  } finally {
    output.dispose();
  }
}

/**
 * Loads a detector onto the backend that runs now.
 * @param read reads config.json and model.safetensors @param id name for records
 * @throws EngineError("modelMissing") or EngineError("modelCorrupt"), both naming the file
 */
export async function loadDetector(read: ReadFile, id: string): Promise<ObjectDetector> {
  const config = parseDetectorConfig(await readJson(read, "config.json"));
  const tensors = await readTensors(read, "model.safetensors");
  const network = uploadParameters(detectorShapes(config), tensors, "judge");
  return {
    id,
    detect: async (images) => {
      for (const image of images) checkImage(image, config.side);
      const found: Detections[] = [];
      for (let from = 0; from < images.length; from += MAX_BATCH) {
        found.push(...(await detectBatch(network, config, images.slice(from, from + MAX_BATCH))));
      }
      return found;
    },
    dispose: () => tf.dispose([...network.values()]),
  };
}

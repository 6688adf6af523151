import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import type { EngineError } from "../../errors.ts";
import { readTensors } from "../../models/modelFolder.ts";
import type { ImageU8 } from "../../models/unified.ts";
import { uploadParameters } from "../../nn/namedParameters.ts";
import { readSafetensors } from "../../safetensors/safetensors.ts";
import { toFloat32 } from "../../safetensors/toFloat32.ts";
import type { ObjectDetector } from "../geneval/detections.ts";
import { type DetectorConfig, parseDetectorConfig } from "./config.ts";
import { loadDetector } from "./loadDetector.ts";
import { detectorShapes, runDetector } from "./network.ts";

const folderOf = (judge: string) =>
  fileURLToPath(new URL(`../../../../public/models/${judge}/`, import.meta.url));
const fixtureOf = (judge: string) =>
  fileURLToPath(new URL(`./__fixtures__/${judge}.safetensors`, import.meta.url));
const readerOf =
  (judge: string) =>
  (path: string): Promise<Uint8Array> =>
    readFile(folderOf(judge) + path);
/** Sums of a few hundred f32 products in another order, ten layers deep. */
const TOLERANCE = 1e-3;
const START_TIMEOUT_MS = 120_000;

interface Wanted {
  readonly images: readonly ImageU8[];
  readonly output: Float32Array;
  /** [M][image, class, colour] */
  readonly found: Float32Array;
  readonly scores: Float32Array;
  readonly boxes: Float32Array;
}

async function readWanted(judge: string): Promise<Wanted> {
  const { tensors } = readSafetensors(await readFile(fixtureOf(judge)));
  const take = (name: string) => {
    const entry = tensors.get(name);
    if (!entry) throw new Error(`no ${name} in the fixture`);
    return entry;
  };
  const [count = 0, side = 0] = take("pixels").shape;
  const bytes = side * side * 3;
  const images = Array.from({ length: count }, (_, at) => ({
    width: side,
    height: side,
    rgb: take("pixels").data.slice(at * bytes, (at + 1) * bytes),
  }));
  const numbers = (name: string) => toFloat32(take(name));
  return {
    images,
    output: numbers("output"),
    found: numbers("found"),
    scores: numbers("scores"),
    boxes: numbers("boxes"),
  };
}

function largestDifference(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(actual.length).toBe(wanted.length);
  return Array.from(wanted).reduce((worst, value, at) => {
    const difference = Math.abs(value - (actual[at] ?? Number.NaN));
    return difference <= worst ? worst : difference;
  }, 0);
}

async function readConfig(read: (path: string) => Promise<Uint8Array>): Promise<DetectorConfig> {
  return parseDetectorConfig(JSON.parse(new TextDecoder().decode(await read("config.json"))));
}

describe.each([
  ["judge-tiny", "cpu"],
  ["judge-tiny", "wasm"],
  ["judge-nano", "cpu"],
  ["judge-nano", "wasm"],
] as const)("%s against PyTorch on %s", (judge, backend) => {
  const readShipped = readerOf(judge);
  let wanted: Wanted;
  let detector: ObjectDetector;

  beforeAll(async () => {
    wanted = await readWanted(judge);
    await startNodeBackend(backend);
    detector = await loadDetector(readShipped, judge);
  }, START_TIMEOUT_MS);
  afterAll(closeBackend);

  it("computes the same numbers for every cell", async () => {
    const config = await readConfig(readShipped);
    const tensors = await readTensors(readShipped, "model.safetensors");
    const network = uploadParameters(detectorShapes(config), tensors, "judge");
    const bytes = Int32Array.from(wanted.images.flatMap(({ rgb }) => [...rgb]));
    const shape = [wanted.images.length, config.side, config.side, 3] as [number, number, number, number];
    const output = tf.tidy(() => runDetector(network, config, tf.tensor4d(bytes, shape, "int32")));
    expect(largestDifference(await output.data(), wanted.output)).toBeLessThan(TOLERANCE);
    output.dispose();
    tf.dispose([...network.values()]);
  });

  it("finds the same objects", async () => {
    const { classes, colours } = await readConfig(readShipped);
    const detections = await detector.detect(wanted.images);
    const found = detections.flatMap((byClass, image) =>
      classes.flatMap((name, kind) => (byClass[name] ?? []).map((object) => ({ image, kind, ...object }))),
    );
    const names = found.flatMap(({ image, kind, color }) => [image, kind, colours.indexOf(color ?? "")]);
    expect(names).toEqual([...wanted.found]);
    const scores = found.map(({ score }) => score);
    expect(largestDifference(scores, wanted.scores)).toBeLessThan(TOLERANCE);
    const boxes = found.flatMap(({ box }) => [...box]);
    expect(largestDifference(boxes, wanted.boxes)).toBeLessThan(4 * TOLERANCE);
  });

  it("leaves nothing behind and gives everything back", async () => {
    const before = tf.memory().numTensors;
    await detector.detect(wanted.images);
    expect(tf.memory().numTensors).toBe(before);
    const again = await loadDetector(readShipped, "again");
    expect(tf.memory().numTensors).toBeGreaterThan(before);
    again.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("the detector", () => {
  const readShipped = readerOf("judge-tiny");
  let wanted: Wanted;
  let detector: ObjectDetector;

  beforeAll(async () => {
    wanted = await readWanted("judge-tiny");
    await startNodeBackend("wasm");
    detector = await loadDetector(readShipped, "judge-tiny");
  });
  afterAll(closeBackend);

  it("answers in order over several batches, and nothing for nothing", async () => {
    const [one] = await detector.detect(wanted.images.slice(0, 1));
    const many = Array.from({ length: 66 }, (_, at) => wanted.images[at % 2] as ImageU8);
    const found = await detector.detect(many);
    expect(found).toHaveLength(66);
    const names = (at: number) => Object.keys(found[at] ?? {});
    expect(names(64)).toEqual(Object.keys(one ?? {}));
    expect(names(65)).toEqual(names(1));
    expect(await detector.detect([])).toEqual([]);
  });

  it("sees nothing on an empty canvas", async () => {
    const blank = { width: 64, height: 64, rgb: new Uint8Array(64 * 64 * 3).fill(240) };
    const [found] = await detector.detect([blank]);
    const scores = Object.values(found ?? {}).flatMap((objects) => objects.map(({ score }) => score));
    expect(Math.max(0, ...scores)).toBeLessThan(0.3);
  });

  it("refuses pictures of another size before it looks at any", async () => {
    const small = { width: 32, height: 32, rgb: new Uint8Array(32 * 32 * 3) };
    await expect(detector.detect([small])).rejects.toMatchObject({ code: "badInput" });
    await expect(detector.detect([small])).rejects.toThrow(/64×64/);
  });

  it("names what is wrong with a folder", async () => {
    const config = await readConfig(readShipped);
    const withConfig = (changes: object) => async (path: string) =>
      path === "config.json"
        ? new TextEncoder().encode(JSON.stringify({ ...config, ...changes }))
        : readShipped(path);
    const fail = (changes: object): Promise<EngineError> =>
      loadDetector(withConfig(changes), "bad").then(
        () => Promise.reject(new Error("it loaded")),
        (thrown) => thrown,
      );
    expect(await fail({ model_type: "showo" })).toMatchObject({
      code: "modelCorrupt",
      message: expect.stringMatching(/model_type/),
    });
    expect(await fail({ blocks: 5 })).toMatchObject({
      code: "modelCorrupt",
      message: expect.stringMatching(
        /blocks\.4\.conv1\.weight is missing; .*blocks\.4\.conv2\.bias is missing/,
      ),
    });
    expect(await fail({ classes: ["cat"] })).toMatchObject({
      message: expect.stringMatching(/head\.weight is \[38, 64, 1, 1\] instead of \[15, 64, 1, 1\]/),
    });
  });
});

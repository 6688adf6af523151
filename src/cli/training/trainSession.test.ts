import "@tensorflow/tfjs-backend-cpu";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setBackend } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { decodeCheckpoint } from "../../engine/checkpoint/checkpoint.ts";
import { registerGradients } from "../../engine/device/gradients.ts";
import { tellingDetector } from "../../engine/eval/__fixtures__/tellingDetector.ts";
import type { ObjectDetector } from "../../engine/eval/geneval/detections.ts";
import { TableModel } from "../../engine/rl/__fixtures__/tableModel.ts";
import { openSprites, type SpriteSet } from "../../engine/world/render.ts";
import { worldPreset } from "../../engine/world/worldSpec.ts";
import { compareScores } from "./compare.ts";
import { chooseConfig, collectSetting, type TrainOptions } from "./trainOptions.ts";
import { runTraining } from "./trainSession.ts";

const spritesUrl = new URL("../../../public/world/sprites.safetensors", import.meta.url);
let sprites: SpriteSet;
let folder: string;

beforeAll(async () => {
  await setBackend("cpu");
  await registerGradients();
  sprites = openSprites(new Uint8Array(readFileSync(spritesUrl)), worldPreset("nano"));
}, 240_000);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unirl-train-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function makeOptions(changes: Partial<TrainOptions> = {}): TrainOptions {
  return {
    model: "table",
    weights: "f32",
    preset: "robust",
    steps: 3,
    seed: 1,
    set: { learningRate: 0.01, promptsPerStep: 2, groupSize: 4, checkpointEvery: 100 },
    prompts: "validation",
    evalPrompts: 12,
    evalScenes: 6,
    evalEvery: 0,
    backend: "cpu",
    json: true,
    verbose: false,
    ...changes,
  };
}

type Record_ = Readonly<Record<string, unknown>>;

async function run(
  options: TrainOptions,
  onRecord: (record: Record_, stop: () => void) => void = () => {},
  detector: ObjectDetector | null = null,
  words: readonly string[] = ["dog", "a car", "banana", "umbrella", "two dogs"],
) {
  const model = new TableModel("table", words);
  const controller = new AbortController();
  const records: Record_[] = [];
  const warnings: string[] = [];
  const isComplete = await runTraining({
    model,
    detector,
    sprites,
    options,
    signal: controller.signal,
    progress: { update: () => {}, stop: () => {} },
    report: (record) => {
      records.push(record);
      onRecord(record, () => controller.abort());
    },
    warn: (text) => warnings.push(text),
    say: () => {},
  });
  model.dispose();
  return { isComplete, records, warnings };
}

const read = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
const readTensors = async (path: string) =>
  (await decodeCheckpoint(new Uint8Array(readFileSync(path)))).tensors;

const ONE_OF_EACH = Object.fromEntries(
  ["dog", "car", "banana", "umbrella"].map((name, at) => [
    name,
    [{ box: [50 * at, 0, 50 * at + 9, 9] as const, score: 0.95, color: "red" }],
  ]),
);

describe("runTraining", () => {
  it("scores, trains, scores again and leaves its files", async () => {
    const { isComplete, records } = await run(makeOptions({ out: folder, evalEvery: 2 }));
    expect(isComplete).toBe(true);
    expect(records.map(({ type, step }) => [type, step])).toEqual([
      ["evaluated", 0],
      ["stepFinished", 1],
      ["stepFinished", 2],
      ["evaluated", 2],
      ["stepFinished", 3],
      ["runFinished", 3],
    ]);
    expect(Array.from(read("before.png").subarray(1, 4))).toEqual([0x50, 0x4e, 0x47]);
    expect(read("after.png").length).toBeGreaterThan(0);
    expect(JSON.parse(readFileSync(join(folder, "adapter_config.json"), "utf8"))).toMatchObject({ r: 16 });
    expect(read("adapter_model.safetensors").length).toBeGreaterThan(0);
    const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([1, 2, 3]);
    const seeing = { mean: expect.any(Number), count: 6 };
    for (const record of records.filter(({ type }) => type === "evaluated")) {
      expect(record).toMatchObject({ understandingBlanked: seeing, understandingSwapped: seeing });
      expect(record).not.toHaveProperty("t2iGivenMmu");
    }
    const shown = ["real", "blanked", "swapped"].map((image) => `understanding/${image}`);
    const [first, second] = lines.map((line) => JSON.parse(line) as Record_);
    for (const name of shown) expect(second).toHaveProperty([name], expect.any(Number));
    for (const name of shown) expect(first).not.toHaveProperty([name]);
    expect(second).not.toHaveProperty("mmuGivenT2i");
    expect(records.at(-1)).toMatchObject({ understandingSwapped: { before: expect.any(Number) } });
  }, 120_000);

  it("stops with a checkpoint, from which a resumed run ends like one that never stopped", async () => {
    const whole = join(folder, "whole");
    await run(makeOptions({ out: whole }));
    const stopped = await run(makeOptions({ out: folder }), ({ type, step }, stop) => {
      if (type === "stepFinished" && step === 1) stop();
    });
    expect(stopped.isComplete).toBe(false);
    const resume = join(folder, "checkpoint.safetensors");
    expect((await decodeCheckpoint(new Uint8Array(readFileSync(resume)))).step).toBe(1);
    // What a killed run wrote beyond its checkpoint, its last line cut off.
    appendFileSync(join(folder, "metrics.jsonl"), '{"type":"stepFinished","step":2}\n{"type":"step');
    await run(makeOptions({ out: folder, resume, set: {} }));
    const steps = readFileSync(join(folder, "metrics.jsonl"), "utf8").trim().split("\n");
    expect(steps.map((line) => JSON.parse(line).step)).toEqual([1, 2, 3]);
    expect(await readTensors(resume)).toEqual(await readTensors(join(whole, "checkpoint.safetensors")));
  }, 120_000);

  it("has a judge score the same images, who does not change the training", async () => {
    const alone = await run(makeOptions({ out: folder }));
    const weights = await readTensors(join(folder, "checkpoint.safetensors"));
    // Sees nothing in the twelve images before the training, and one of each class in all that follow.
    const detector = tellingDetector((nth) => (nth < 12 ? {} : ONE_OF_EACH));
    const judged = await run(makeOptions({ out: folder }), undefined, detector);
    expect(judged.records[0]).toMatchObject({
      rewards: [{ judged: { overall: 0, tasks: { single_object: 0 } } }],
    });
    expect(judged.records.at(-1)).toMatchObject({
      rewards: [{ judged: { before: 0, gainByTask: { single_object: 1 } } }],
    });
    expect(judged.warnings).toEqual([]);
    expect(JSON.stringify(alone.records)).not.toContain("judged");
    expect(await readTensors(join(folder, "checkpoint.safetensors"))).toEqual(weights);
  }, 120_000);

  it("measures the balance of drawing and understanding where a judge looks", async () => {
    // Of these prompts the judge likes an umbrella, a dog, a banana and an umbrella, a red car, and two right of a car.
    const options = makeOptions({ out: folder, evalEvery: 2, evalPrompts: 24 });
    // The model sees dogs everywhere.
    const words = Array.from({ length: 5 }, () => "dog");
    const { records } = await run(
      options,
      undefined,
      tellingDetector(() => ONE_OF_EACH),
      words,
    );
    const [base, later] = records.filter(({ type }) => type === "evaluated");
    const understood = { passed: 1, kept: 6, total: 24, share: { mean: 1 / 6, count: 6 } };
    const redrawn = { passed: 1, kept: 1, total: 6, share: { mean: 1, count: 1 } };
    expect(base).toMatchObject({ rewards: [{ judged: { mmuGivenT2i: understood } }] });
    expect(base).not.toHaveProperty("t2iGivenMmu");
    expect(later).toMatchObject({ rewards: [{ judged: { mmuGivenT2i: understood } }], t2iGivenMmu: redrawn });
    const [first, second] = readFileSync(join(folder, "metrics.jsonl"), "utf8").split("\n");
    expect(JSON.parse(second ?? "")).toMatchObject({ mmuGivenT2i: 1 / 6, t2iGivenMmu: 1 });
    expect(JSON.parse(first ?? "")).not.toHaveProperty("mmuGivenT2i");
    const balance = { before: understood, after: understood };
    expect(records.at(-1)).toMatchObject({
      rewards: [{ judged: { mmuGivenT2i: balance } }],
      t2iGivenMmu: redrawn,
    });
  }, 120_000);

  it("keeps the line of a step whose evaluation was stopped", async () => {
    const stopped = await run(makeOptions({ out: folder, evalEvery: 1 }), ({ type }, stop) => {
      if (type === "stepFinished") stop();
    });
    expect(stopped.records.map(({ type }) => type)).toEqual(["evaluated", "stepFinished"]);
    const line = JSON.parse(readFileSync(join(folder, "metrics.jsonl"), "utf8"));
    expect(line).toMatchObject({ step: 1, rewardMean: expect.any(Number) });
    expect(line).not.toHaveProperty("understanding/real");
  }, 120_000);

  it("warns when the judge's score falls and the model's opinion of itself does not", async () => {
    let isBefore = true;
    const detector = tellingDetector(() => (isBefore ? ONE_OF_EACH : {}));
    const { records, warnings } = await run(
      makeOptions({ evalEvery: 2, evalPrompts: 48 }),
      () => {
        isBefore = false;
      },
      detector,
    );
    expect(records.at(-1)).toMatchObject({
      rewards: [{ judged: { after: 0, hacking: { isHacking: true } } }],
    });
    const warning = expect.stringMatching(/^Reward hacking: .* more than the judge's score/);
    expect(warnings).toEqual([warning, warning]);
  }, 120_000);

  it("refuses settings that a resumed run cannot change, and files it cannot read", async () => {
    await run(makeOptions({ out: folder, steps: 1 }));
    const resume = join(folder, "checkpoint.safetensors");
    await expect(run(makeOptions({ resume, set: { loraRank: 4 } }))).rejects.toThrow(/loraRank/);
    await expect(run(makeOptions({ resume: join(folder, "none") }))).rejects.toThrow(/--resume/);
    await expect(run(makeOptions({ out: join(resume, "below") }))).rejects.toMatchObject({
      code: "fileUnwritable",
    });
  }, 120_000);
});

describe("options", () => {
  it("takes settings by name and names what is wrong", () => {
    expect(collectSetting("klImage=0.1", { seed: 2 })).toEqual({ seed: 2, klImage: 0.1 });
    expect(() => collectSetting("speed=1", {})).toThrow(/"speed"/);
    expect(() => collectSetting("klImage=", {})).toThrow(/number/);
    expect(() => chooseConfig(makeOptions({ set: { groupSize: 1 } }))).toThrow(/groupSize/);
    expect(chooseConfig(makeOptions({ seed: 7 })).seed).toBe(7);
  });
});

describe("compareScores", () => {
  it("pairs what it compares", () => {
    const { before, after, gain } = compareScores([0, 1, 0.5, 0.5], [0.5, 1.5, 1, 1]);
    expect([before, after, gain.mean, gain.low, gain.high, gain.count]).toEqual([0.5, 1, 0.5, 0.5, 0.5, 4]);
  });
});

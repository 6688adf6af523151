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
import type { ConditionalShare } from "../../engine/eval/imbalance.ts";
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
) {
  const model = new TableModel("table", ["dog", "a car", "banana", "umbrella", "two dogs"]);
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

/** What the tests read of an `evaluated` record. */
interface Evaluated {
  readonly rewards: readonly { readonly judged: { readonly mmuGivenT2i: ConditionalShare } }[];
  readonly t2iGivenMmu: ConditionalShare;
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
    // The table model's words are single objects; of those it names, the judge likes all that it draws.
    const options = makeOptions({ out: folder, evalEvery: 2, evalPrompts: 48 });
    const { records } = await run(
      options,
      undefined,
      tellingDetector(() => ONE_OF_EACH),
    );
    const [base, later] = records.filter(({ type }) => type === "evaluated") as Evaluated[];
    const drawn = base?.rewards[0]?.judged.mmuGivenT2i;
    expect(drawn?.total).toBe(48);
    expect(drawn?.kept).toBeGreaterThan(0);
    expect(drawn?.passed).toBeLessThanOrEqual(drawn?.kept ?? 0);
    expect(base).not.toHaveProperty("t2iGivenMmu");
    // Every redraw is liked too.
    expect(later?.t2iGivenMmu.total).toBe(drawn?.kept);
    expect(later?.t2iGivenMmu.passed).toBe(later?.t2iGivenMmu.kept);
    const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trim().split("\n");
    const { mmuGivenT2i, t2iGivenMmu } = JSON.parse(lines[1] ?? "");
    expect(mmuGivenT2i).toBe(later?.rewards[0]?.judged.mmuGivenT2i.share.mean);
    expect(t2iGivenMmu ?? null).toBe(later?.t2iGivenMmu.share.mean ?? null);
    expect(records.at(-1)).toMatchObject({
      rewards: [{ judged: { mmuGivenT2i: { before: drawn } } }],
      t2iGivenMmu: { total: drawn?.kept },
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

/** A run leaves as a zip and comes back the same, or is refused; what is refused says why in a code. */
import { unzipSync, zipSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import { makeConfig } from "../../engine/config.ts";
import { EngineError } from "../../engine/errors.ts";
import {
  type Checkpoint,
  checkpointOfPeft,
  decodeCheckpoint,
  fromFloat32,
  readSafetensors,
  writeCheckpoint,
} from "../../engine/index.ts";
import { packArchive, unpackArchive } from "../../formats/archive.ts";
import { encodeText } from "../../formats/bytes.ts";
import type { StoredRun } from "../../storage/runRecord.ts";
import { type Destination, readRun } from "./readRun.ts";
import { NAMES } from "./runFile.ts";
import { writeRun } from "./writeRun.ts";

const SHA = "ab".repeat(32);
const config = makeConfig("robust", { seed: 7, loraRank: 2, loraAlpha: 4, temperature: 0.9 });
const DESTINATION: Destination = { modelId: "nano", modelSha256: SHA, runId: "nano-new", nowMs: 5000 };
const LAYER = "base_model.model.showo.model.layers.0.mlp.fc1";

const CHECKPOINT: Checkpoint = {
  modelId: "nano",
  step: 3,
  updates: 3,
  config,
  extra: null,
  tensors: new Map(
    ["", "moment1/", "moment2/"].flatMap((prefix, at) => [
      [`${prefix}${LAYER}.lora_A.weight`, fromFloat32(new Float32Array(6).fill(at + 0.5), [2, 3])],
      [`${prefix}${LAYER}.lora_B.weight`, fromFloat32(new Float32Array(8).fill(at - 0.5), [4, 2])],
    ]),
  ),
};

let run: StoredRun;
let zip: Uint8Array;

beforeAll(async () => {
  run = {
    record: {
      runId: "nano-old",
      modelId: "nano",
      title: null,
      preset: "robust",
      config,
      step: 3,
      createdAtMs: Date.UTC(2026, 10, 23, 11),
      savedAtMs: Date.UTC(2026, 10, 23, 12),
      history: [
        { rewardMean: 0.25, stepSeconds: 1.5, "reward/counting": 1 / 3 },
        { rewardMean: 0.5, judgedMean: 0.4 },
      ],
      changes: [{ step: 2, keys: ["temperature"] }],
    },
    filmstrip: [0, 3].flatMap((step) =>
      [0, 1].map((row) => ({
        step,
        row,
        prompt: row === 0 ? "two red apples" : "a cup",
        seed: `7/film/${row}`,
        image: {
          width: 4,
          height: 4,
          rgb: Uint8Array.from({ length: 48 }, (_, at) => (at * 5 + step + row) % 256),
        },
      })),
    ),
    bytes: await writeCheckpoint(CHECKPOINT),
  };
  zip = (await writeRun(run, SHA)).bytes;
});

const open = (bytes: Uint8Array, destination = DESTINATION) =>
  readRun([{ name: "a file", bytes }], destination);

async function refusal(opening: Promise<unknown>): Promise<string> {
  try {
    await opening;
  } catch (error) {
    return error instanceof EngineError ? error.code : `not an EngineError: ${error}`;
  }
  return "none";
}

/** The zip with some files changed and its sums right, as a person or a newer program would make it. */
async function repacked(change: (files: Map<string, Uint8Array>) => void): Promise<Uint8Array> {
  const files = new Map(await unpackArchive(zip));
  change(files);
  return await packArchive(files, Date.UTC(2026, 10, 23));
}

const changeJson = (change: object) => (files: Map<string, Uint8Array>) => {
  const json = JSON.parse(new TextDecoder().decode(files.get(NAMES.run)));
  files.set(NAMES.run, encodeText(JSON.stringify({ ...json, ...change })));
};

describe("a run's zip", () => {
  it("comes back as the same run under another name", async () => {
    const { runId, nowMs } = DESTINATION;
    expect(await open(zip)).toEqual({ ...run, record: { ...run.record, runId, savedAtMs: nowMs } });
  });

  it("is named after the run and holds what the card says", async () => {
    const { fileName, bytes } = await writeRun(run, null);
    expect(fileName).toBe("unirl-nano-robust-seed7-step3.zip");
    const files = await unpackArchive(bytes);
    expect([...files.keys()]).toEqual([
      ...Object.values(NAMES),
      "filmstrip/row-1/step-00000.png",
      "filmstrip/row-2/step-00000.png",
      "filmstrip/row-1/step-00003.png",
      "filmstrip/row-2/step-00003.png",
    ]);
    const card = new TextDecoder().decode(files.get(NAMES.card));
    for (const name of [NAMES.adapter, NAMES.adapterConfig, NAMES.checkpoint, NAMES.run])
      expect(card).toContain(name);
    expect(card).toContain("Preset `robust`, with temperature 0.9, LoRA rank 2, LoRA alpha 4, seed 7");
    expect(card).toContain("| reward (0–1) | 0.250 | 0.500 |");
    expect(card).not.toContain("undefined");
  });

  it("tells what happened in order", async () => {
    const text = new TextDecoder().decode((await unpackArchive(zip)).get(NAMES.events));
    const events = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ step, event }) => `${step} ${event}`)).toEqual([
      "0 runStarted",
      "0 filmstripDrawn",
      "2 settingsChanged",
      "3 filmstripDrawn",
      "3 runExported",
    ]);
  });

  it("numbers its steps from the last one back", async () => {
    const text = new TextDecoder().decode((await unpackArchive(zip)).get(NAMES.metricsLines));
    expect(
      text
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => JSON.parse(line).step),
    ).toEqual([2, 3]);
  });

  it("carries the adapter of its checkpoint, which alone begins a run anew", async () => {
    const weights = (await unpackArchive(zip)).get(NAMES.adapter) ?? new Uint8Array();
    const { tensors } = readSafetensors(weights);
    expect([...tensors]).toEqual([...CHECKPOINT.tensors].slice(0, 2));
    expect(checkpointOfPeft(weights, null, "nano").config).toMatchObject({ loraRank: 2, loraAlpha: 4 });
  });

  it("of a run before its first step comes back too", async () => {
    const bytes = await writeCheckpoint({ ...CHECKPOINT, step: 0, updates: 0 });
    const fresh = { record: { ...run.record, step: 0, history: [], changes: [] }, filmstrip: [], bytes };
    const back = await open((await writeRun(fresh, null)).bytes);
    expect(back.record).toMatchObject({ step: 0, history: [] });
  });
});

describe("a bare file", () => {
  it("of a checkpoint is a run without a past", async () => {
    const back = await open(run.bytes);
    expect(back).toMatchObject({ record: { step: 3, config, history: [] }, filmstrip: [], bytes: run.bytes });
  });

  it("of an adapter is a run before its first step, with its settings beside it or within", async () => {
    const files = await unpackArchive(zip);
    const weights = {
      name: "adapter_model.safetensors",
      bytes: files.get(NAMES.adapter) ?? new Uint8Array(),
    };
    const settings = {
      name: "adapter_config.json",
      bytes: files.get(NAMES.adapterConfig) ?? new Uint8Array(),
    };
    for (const given of [[weights], [weights, settings], [settings, weights]]) {
      const back = await readRun(given, DESTINATION);
      expect(back.record).toMatchObject({ step: 0, config: { loraRank: 2, loraAlpha: 4 } });
      expect((await decodeCheckpoint(back.bytes)).tensors.size).toBe(6);
    }
    expect(await refusal(readRun([settings], DESTINATION))).toBe("fileUnknown");
    expect(await refusal(readRun([weights, settings, settings], DESTINATION))).toBe("fileUnknown");
  });

  it("is told from two things at once", async () => {
    const two = [
      { name: "a.zip", bytes: zip },
      { name: "b.zip", bytes: zip },
    ];
    expect(await refusal(readRun(two, DESTINATION))).toBe("fileUnknown");
    expect(await refusal(readRun([], DESTINATION))).toBe("fileUnknown");
  });
});

describe("a run is refused", () => {
  it.each([
    ["another model", { ...DESTINATION, modelId: "showo-tiny" }, "checkpointMismatch"],
    [
      "other weights of the same name",
      { ...DESTINATION, modelSha256: "cd".repeat(32) },
      "checkpointMismatch",
    ],
    ["weights that nobody knows", { ...DESTINATION, modelSha256: null }, "none"],
  ])("by what is open: %s", async (_name, destination, code) => {
    expect(await refusal(open(zip, destination))).toBe(code);
  });

  it.each([
    ["a newer version", changeJson({ version: 2 }), "fileTooNew"],
    ["a setting of the future", changeJson({ config: { ...config, warpFactor: 9 } }), "fileTooNew"],
    ["another format", changeJson({ format: "other" }), "fileUnknown"],
    ["a setting out of range", changeJson({ config: { ...config, groupSize: 1 } }), "fileCorrupt"],
    ["a step that is not its checkpoint's", changeJson({ step: 2 }), "fileCorrupt"],
    ["a seed that is not its checkpoint's", changeJson({ config: { ...config, seed: 8 } }), "fileCorrupt"],
    [
      "endless rows",
      changeJson({ filmstrip: [{ step: 0, row: 1e9, prompt: "", seed: "", file: "x" }] }),
      "fileCorrupt",
    ],
    [
      "a drawing that is not there",
      changeJson({ filmstrip: [{ step: 0, row: 0, prompt: "", seed: "", file: "x" }] }),
      "fileUnknown",
    ],
    [
      "a drawing that is none",
      (files: Map<string, Uint8Array>) => files.set("filmstrip/row-1/step-00000.png", encodeText("no")),
      "fileCorrupt",
    ],
    ["no run.json", (files: Map<string, Uint8Array>) => files.delete(NAMES.run), "fileUnknown"],
    ["no checkpoint", (files: Map<string, Uint8Array>) => files.delete(NAMES.checkpoint), "fileUnknown"],
    [
      "a checkpoint that is none",
      (files: Map<string, Uint8Array>) => files.set(NAMES.checkpoint, encodeText("no")),
      "checkpointCorrupt",
    ],
    [
      "metrics of other steps",
      (files: Map<string, Uint8Array>) => files.set(NAMES.metricsLines, encodeText('{"step":1}\n')),
      "fileCorrupt",
    ],
    [
      "metrics beyond its end",
      (files: Map<string, Uint8Array>) => files.set(NAMES.metricsLines, encodeText('{"step":4}\n')),
      "fileCorrupt",
    ],
  ])("by what is in it: %s", async (_name, change, code) => {
    expect(await refusal(open(await repacked(change)))).toBe(code);
  });

  it("when any byte of any of its parts was changed", async () => {
    const parts = unzipSync(zip);
    for (const [name, bytes] of Object.entries(parts)) {
      const damaged = bytes.slice();
      damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1;
      expect(await refusal(open(zipSync({ ...parts, [name]: damaged }))), name).toBe("fileCorrupt");
    }
  });

  it("wherever it is cut", async () => {
    for (let end = 1; end < zip.length; end += 101) {
      expect(await refusal(open(zip.slice(0, end))), `zip cut at ${end}`).toMatch(/^file(Corrupt|Unknown)$/);
    }
    for (let end = 9; end < run.bytes.length; end += 53) {
      expect(await refusal(open(run.bytes.slice(0, end))), `checkpoint cut at ${end}`).toMatch(
        /^(file|checkpoint)Corrupt$/,
      );
    }
  });
});

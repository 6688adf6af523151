/** Adapters leave and come back on nano, the smallest shipped model: names, shapes, ranks and refusals are real. */
import { fileURLToPath } from "node:url";
import { randomNormal } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderReader } from "../../cli/node/files.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { makeConfig } from "../config.ts";
import { closeBackend } from "../device/backend.ts";
import { EngineError } from "../errors.ts";
import { loadModel } from "../models/loadModel.ts";
import type { UnifiedModel } from "../models/unified.ts";
import { createTrainerState } from "../rl/trainer.ts";
import { readSafetensors, type SafetensorsEntry, writeSafetensors } from "../safetensors/safetensors.ts";
import { fromFloat32, toFloat32 } from "../safetensors/toFloat32.ts";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  requireFit,
  restoreCheckpoint,
  writeCheckpoint,
} from "./checkpoint.ts";
import { checkpointOfPeft, exportPeftAdapter, type PeftAdapter, peftOfCheckpoint } from "./peftAdapter.ts";

const config = makeConfig("robust", { loraRank: 2, loraAlpha: 6, seed: 4 });

let model: UnifiedModel;
let adapter: PeftAdapter;
let trained: Float32Array[];

const weightsOf = async (): Promise<Float32Array[]> =>
  await Promise.all(
    model.adapterVariables().map(async ({ variable }) => (await variable.data()).slice() as Float32Array),
  );

const refusal = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    return error instanceof EngineError ? error.code : `not an EngineError: ${error}`;
  }
  return "none";
};

/** The adapter file with one thing about its tensors changed. */
function changed(change: (tensors: Map<string, SafetensorsEntry>) => void): Uint8Array {
  const { tensors, metadata } = readSafetensors(adapter.weights);
  change(tensors);
  return writeSafetensors(tensors, metadata);
}

beforeAll(async () => {
  await startNodeBackend("cpu");
  model = await loadModel(
    folderReader(fileURLToPath(new URL("../../../public/models/nano", import.meta.url))),
    "nano",
  );
  model.attachAdapter({ rank: 2, alpha: 6, seed: 4 });
  for (const [at, { variable }] of model.adapterVariables().entries()) {
    variable.assign(randomNormal(variable.shape, 0, 0.1, "float32", at));
  }
  trained = await weightsOf();
  adapter = await exportPeftAdapter(model, config);
}, 240_000);
afterAll(closeBackend);

describe("an adapter that comes back", () => {
  it("is a run before its first step, with every number as it was", async () => {
    model.attachAdapter({ rank: 5, alpha: 1, seed: 0 });
    const checkpoint = checkpointOfPeft(adapter.weights, JSON.stringify(adapter.config), "nano");
    expect(checkpoint).toMatchObject({
      modelId: "nano",
      step: 0,
      updates: 0,
      config: { loraRank: 2, loraAlpha: 6 },
    });
    // An adapter of another rank is attached now: the checkpoint fits all the same, once its own is.
    requireFit(checkpoint, model);
    model.attachAdapter({ rank: 2, alpha: 6, seed: 0 });
    const state = createTrainerState(model);
    restoreCheckpoint(await decodeCheckpoint(await writeCheckpoint(checkpoint)), model, state);
    expect(await weightsOf()).toEqual(trained);
    for (const { first, second } of state.optimizer.moments().values()) {
      expect((await first.data()).every((value) => value === 0)).toBe(true);
      expect((await second.data()).every((value) => value === 0)).toBe(true);
    }
    state.optimizer.dispose();
  });

  it("needs no configuration beside it when this program wrote it", () => {
    expect(checkpointOfPeft(adapter.weights, null, "other")).toEqual(
      checkpointOfPeft(adapter.weights, JSON.stringify(adapter.config), "nano"),
    );
  });

  it("may leave out PEFT's prefix, and be of fewer bits", () => {
    const half = changed((tensors) => {
      for (const [name, entry] of [...tensors]) {
        tensors.delete(name);
        const data = new Uint8Array(entry.data.length / 2);
        // The upper half of an f32 is its bf16, rounded towards zero.
        for (let at = 0; at < data.length; at += 2) data.set(entry.data.subarray(at * 2 + 2, at * 2 + 4), at);
        tensors.set(name.replace("base_model.model.", ""), { ...entry, dtype: "BF16", data });
      }
    });
    const { tensors } = checkpointOfPeft(half, null, "nano");
    const [name = ""] = readSafetensors(adapter.weights).tensors.keys();
    const entry = tensors.get(name);
    expect(entry?.dtype).toBe("F32");
    expect(entry && toFloat32(entry)[0]).toBeCloseTo(trained[0]?.[0] ?? Number.NaN, 2);
  });

  it("is what a checkpoint of the same model holds", async () => {
    model.attachAdapter({ rank: 2, alpha: 6, seed: 9 });
    const state = createTrainerState(model);
    const checkpoint = await decodeCheckpoint(await encodeCheckpoint(state, model, config));
    expect(peftOfCheckpoint(checkpoint)).toEqual(await exportPeftAdapter(model, config));
    state.optimizer.dispose();
  });
});

describe("an adapter that is refused", () => {
  const open = (weights: Uint8Array, settings: unknown = adapter.config): Checkpoint => {
    const checkpoint = checkpointOfPeft(weights, JSON.stringify(settings), "nano");
    requireFit(checkpoint, model);
    return checkpoint;
  };
  const drop = (tensors: Map<string, SafetensorsEntry>) => tensors.delete([...tensors.keys()][3] ?? "");
  const rename = (tensors: Map<string, SafetensorsEntry>) => {
    const [[name, entry] = ["", null]] = tensors;
    if (entry) tensors.set(name.replace("layers.0", "layers.9"), entry);
  };
  const reshape = (tensors: Map<string, SafetensorsEntry>) => {
    const [[name] = [""]] = tensors;
    tensors.set(name, fromFloat32(new Float32Array(6), [2, 3]));
  };
  const poison = (tensors: Map<string, SafetensorsEntry>) => {
    const [[name, entry] = ["", null]] = tensors;
    if (entry) tensors.set(name, fromFloat32(toFloat32(entry).fill(Number.NaN), entry.shape));
  };
  const add = (tensors: Map<string, SafetensorsEntry>) =>
    tensors.set("embed.weight", fromFloat32(new Float32Array(1), [1, 1]));

  it.each([
    ["a tensor missing", drop, "checkpointMismatch"],
    ["a layer the model does not have", rename, "checkpointMismatch"],
    ["a shape that does not fit", reshape, "checkpointMismatch"],
    ["numbers that are not finite", poison, "checkpointCorrupt"],
    ["other weights in it", add, "fileUnknown"],
    ["nothing in it", (tensors: Map<string, SafetensorsEntry>) => tensors.clear(), "fileUnknown"],
  ])("with %s", (_name, change, code) => {
    expect(refusal(() => open(changed(change)))).toBe(code);
  });

  it.each([
    ["another rank than its tensors", { r: 3 }, "checkpointMismatch"],
    ["no rank", { r: undefined }, "fileUnknown"],
    ["a rank that is no number", { r: "many" }, "fileUnknown"],
    ["a rank beyond all bounds", { r: 4096 }, "checkpointMismatch"],
    ["another scale", { use_rslora: true }, "checkpointMismatch"],
    ["ranks by layer", { rank_pattern: { fc1: 8 } }, "checkpointMismatch"],
    ["another method", { peft_type: "LOHA" }, "checkpointMismatch"],
  ])("whose settings have %s", (_name, change, code) => {
    expect(refusal(() => open(adapter.weights, { ...adapter.config, ...change }))).toBe(code);
  });

  it("of another model, by its name", () => {
    const other = writeSafetensors(readSafetensors(adapter.weights).tensors, {
      model: "showo-tiny",
      r: "2",
      lora_alpha: "6",
    });
    expect(refusal(() => requireFit(checkpointOfPeft(other, null, "nano"), model))).toBe(
      "checkpointMismatch",
    );
  });

  it("without settings, and with settings that are none", () => {
    const bare = writeSafetensors(readSafetensors(adapter.weights).tensors, { format: "pt" });
    expect(refusal(() => checkpointOfPeft(bare, null, "nano"))).toBe("fileUnknown");
    expect(refusal(() => checkpointOfPeft(bare, "[]", "nano"))).toBe("fileCorrupt");
    expect(refusal(() => checkpointOfPeft(bare, "{", "nano"))).toBe("fileCorrupt");
  });

  it("cut at any place", () => {
    const { weights } = adapter;
    for (let end = 0; end < weights.length; end += 97) {
      expect(
        refusal(() => open(weights.slice(0, end))),
        `cut at ${end}`,
      ).toBe("fileCorrupt");
    }
  });

  it("with any damage to its header", () => {
    const headerEnd = 8 + new DataView(adapter.weights.buffer).getUint32(0, true);
    const codes = new Set<string>();
    for (let at = 0; at < headerEnd; at += 13) {
      const damaged = adapter.weights.slice();
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 7));
      codes.add(refusal(() => open(damaged)));
    }
    // A changed letter of a text that nothing depends on does no harm.
    expect([...codes].filter((code) => code.startsWith("not an EngineError"))).toEqual([]);
    expect(codes).toContain("fileCorrupt");
  });

  it("leaves the model as it was", async () => {
    model.attachAdapter({ rank: 2, alpha: 6, seed: 1 });
    const before = await weightsOf();
    expect(refusal(() => open(changed(drop)))).toBe("checkpointMismatch");
    expect(await weightsOf()).toEqual(before);
  });
});

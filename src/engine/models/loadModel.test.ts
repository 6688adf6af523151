import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { closeBackend } from "../device/backend.ts";
import { EngineError } from "../errors.ts";
import { readSafetensors, writeSafetensors } from "../safetensors/safetensors.ts";
import { fromFloat32 } from "../safetensors/toFloat32.ts";
import { loadModel } from "./loadModel.ts";
import { randomConfigJson, randomModelFiles, readFrom } from "./showo/__fixtures__/randomShowo.ts";

/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

beforeAll(async () => {
  await startNodeBackend("cpu");
}, BACKEND_TIMEOUT_MS);
afterAll(closeBackend);

const encode = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));

/** Loads the random model with some files changed; null removes a file. @returns the error */
async function fail(changes: Readonly<Record<string, Uint8Array | null>>): Promise<EngineError> {
  const files = randomModelFiles();
  for (const [name, bytes] of Object.entries(changes)) {
    if (bytes) files.set(name, bytes);
    else files.delete(name);
  }
  try {
    await loadModel(readFrom(files), "broken");
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown;
    throw thrown;
  }
  throw new Error("the model loaded");
}

describe("loadModel", () => {
  it("opens a whole folder, with or without tokenizer_config.json", async () => {
    const files = randomModelFiles();
    const model = await loadModel(readFrom(files), "random");
    expect(model).toMatchObject({
      id: "random",
      family: "showo",
      imageSide: 8,
      imageTokenCount: 16,
      codebookSize: 32,
      generation: { steps: 4, guidanceScale: 1.5, temperature: 1 },
    });
    model.dispose();
    files.set("tokenizer_config.json", encode({ clean_up_tokenization_spaces: false }));
    (await loadModel(readFrom(files), "random")).dispose();
  });

  it.each(["config.json", "tokenizer.json", "model.safetensors", "vq.safetensors"])(
    "names a missing %s",
    async (file) => {
      const error = await fail({ [file]: null });
      expect(error).toMatchObject({ code: "modelMissing", data: { file } });
      expect(error.message).toContain(file);
    },
  );

  it.each(["config.json", "tokenizer.json", "model.safetensors", "vq.safetensors"])(
    "names a truncated %s",
    async (file) => {
      const bytes = randomModelFiles().get(file) ?? new Uint8Array(0);
      const error = await fail({ [file]: bytes.subarray(0, bytes.length / 2) });
      expect(error).toMatchObject({ code: "modelCorrupt", data: { file } });
    },
  );

  it("names the unknown family", async () => {
    const error = await fail({ "config.json": encode({ ...randomConfigJson, model_type: "other" }) });
    expect(error.code).toBe("modelCorrupt");
    expect(error.message).toContain('"other"');
  });

  it("names every missing and misshapen tensor at once", async () => {
    const { tensors } = readSafetensors(randomModelFiles().get("model.safetensors") ?? new Uint8Array(0));
    tensors.delete("showo.lm_head.bias");
    tensors.set("showo.model.final_layernorm.weight", fromFloat32(new Float32Array(3), [3]));
    const error = await fail({ "model.safetensors": writeSafetensors(tensors) });
    expect(error.code).toBe("modelCorrupt");
    expect(error.message).toContain("showo.lm_head.bias is missing");
    expect(error.message).toContain("showo.model.final_layernorm.weight is [3] instead of [32]");
  });

  it("refuses a tokenizer that is none", async () => {
    expect((await fail({ "tokenizer.json": encode({}) })).code).toBe("modelCorrupt");
  });
});

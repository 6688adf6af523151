/** Puts a trained adapter onto a model: from a run's checkpoint, or from a PEFT adapter file with its config beside it. */
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { tensor } from "@tensorflow/tfjs-core";
import {
  EngineError,
  readSafetensors,
  type SafetensorsEntry,
  toFloat32,
  type UnifiedModel,
} from "../engine/index.ts";
import { folderReader } from "./node/files.ts";

/** PEFT prefixes the names of the wrapped model. */
const PEFT_PREFIX = "base_model.model.";

interface AdapterSettings {
  readonly rank: number;
  readonly alpha: number;
}

function unusable(path: string, reason: string): EngineError {
  return new EngineError(
    "checkpointMismatch",
    `The adapter ${path} does not fit: ${reason}. Give a checkpoint or adapter trained on this model.`,
    { path },
  );
}

function parseSettings(path: string, text: string, rankKey: string, alphaKey: string): AdapterSettings {
  try {
    const json = JSON.parse(text) as Record<string, unknown>;
    const rank = json[rankKey];
    const alpha = json[alphaKey];
    if (typeof rank === "number" && typeof alpha === "number") return { rank, alpha };
  } catch {
    // Broken JSON and missing numbers are the same fault to the reader of the message below.
  }
  throw unusable(path, `its settings name no ${rankKey} and ${alphaKey}`);
}

async function findSettings(path: string, metadata: Record<string, string>): Promise<AdapterSettings> {
  if (metadata.config !== undefined) return parseSettings(path, metadata.config, "loraRank", "loraAlpha");
  const bytes = await folderReader(dirname(path))("adapter_config.json");
  return parseSettings(path, Buffer.from(bytes).toString("utf8"), "r", "lora_alpha");
}

function findTensor(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  name: string,
): SafetensorsEntry | undefined {
  return tensors.get(name) ?? tensors.get(`${PEFT_PREFIX}${name}`);
}

/**
 * Attaches the adapter of a file to a model.
 * @throws EngineError("fileCorrupt" | "modelMissing" | "checkpointMismatch")
 */
export async function attachAdapterFile(model: UnifiedModel, path: string): Promise<void> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new EngineError("modelMissing", `There is no readable adapter ${path}.`, { path }, { cause });
  });
  const { tensors, metadata } = readSafetensors(new Uint8Array(bytes));
  const settings = await findSettings(path, metadata);
  model.attachAdapter({ ...settings, seed: 0 });
  for (const { name, variable } of model.adapterVariables()) {
    const entry = findTensor(tensors, name);
    if (!entry) throw unusable(path, `it has no ${name}`);
    if (entry.shape.join() !== variable.shape.join()) {
      throw unusable(
        path,
        `${name} is [${entry.shape.join(", ")}] instead of [${variable.shape.join(", ")}]`,
      );
    }
    const values = tensor(toFloat32(entry), [...entry.shape]);
    variable.assign(values);
    values.dispose();
  }
}

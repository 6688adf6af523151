import "@tensorflow/tfjs-backend-cpu";
import { memory, setBackend } from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeConfig } from "../config.ts";
import { registerGradients } from "../device/gradients.ts";
import { drawTableTask, judgeTable, TableModel } from "../rl/__fixtures__/tableModel.ts";
import { createTrainerState, type TrainerState, train } from "../rl/trainer.ts";
import { readSafetensors, writeSafetensors } from "../safetensors/safetensors.ts";
import { toFloat32 } from "../safetensors/toFloat32.ts";
import { decodeCheckpoint, encodeCheckpoint, restoreCheckpoint } from "./checkpoint.ts";
import { exportPeftAdapter } from "./peftAdapter.ts";

beforeAll(async () => {
  await setBackend("cpu");
  await registerGradients();
}, 240_000);

const config = makeConfig("robust", { learningRate: 0.01, seed: 5 });

interface Session {
  readonly model: TableModel;
  readonly state: TrainerState;
}

const open: Session[] = [];

function openSession(id?: string): Session {
  const model = new TableModel(id);
  model.attachAdapter({ rank: config.loraRank, alpha: config.loraAlpha, seed: config.seed });
  const session = { model, state: createTrainerState(model) };
  open.push(session);
  return session;
}

async function runSteps({ model, state }: Session, steps: number): Promise<unknown[]> {
  const training = train({ model, drawTask: drawTableTask, judge: judgeTable, state, config: () => config });
  const rewards: unknown[] = [];
  for await (const event of training) {
    if (event.kind !== "stepFinished") continue;
    const { rewardMean, klImage, gradientNorm } = event.metrics;
    rewards.push({ rewardMean, klImage, gradientNorm });
    if (rewards.length === steps) break;
  }
  return rewards;
}

const weights = ({ model }: Session) =>
  model.adapterVariables().map(({ variable }) => Array.from(variable.dataSync()));

let bytes: Uint8Array;
let source: Session;

beforeEach(async () => {
  source = openSession();
  await runSteps(source, 2);
  bytes = await encodeCheckpoint(source.state, source.model, config, { curves: [1, 2] });
});

afterEach(() => {
  for (const { model, state } of open.splice(0)) {
    state.optimizer.dispose();
    model.dispose();
  }
});

describe("checkpoint", () => {
  it("goes on exactly like a run that never stopped", async () => {
    const resumed = openSession();
    const checkpoint = await decodeCheckpoint(bytes);
    restoreCheckpoint(checkpoint, resumed.model, resumed.state);
    expect(resumed.state.step).toBe(2);
    expect(await runSteps(resumed, 3)).toEqual(await runSteps(source, 3));
    expect(weights(resumed)).toEqual(weights(source));
  });

  it("keeps configuration, step and extra record", async () => {
    const checkpoint = await decodeCheckpoint(bytes);
    expect(checkpoint).toMatchObject({ modelId: "table", step: 2, config, extra: { curves: [1, 2] } });
  });

  it("leaks no tensor while saving and restoring", async () => {
    const before = memory();
    restoreCheckpoint(await decodeCheckpoint(bytes), source.model, source.state);
    await encodeCheckpoint(source.state, source.model, config);
    expect(memory().numTensors).toBe(before.numTensors);
    expect(memory().numBytes).toBe(before.numBytes);
  });
});

describe("exportPeftAdapter", () => {
  it("writes the adapter under its names, and the configuration PEFT asks for", async () => {
    const exported = await exportPeftAdapter(source.model, config);
    const { tensors } = readSafetensors(exported.weights);
    const variables = source.model.adapterVariables();
    expect([...tensors.keys()]).toEqual(variables.map(({ name }) => name));
    for (const { name, variable } of variables) {
      const entry = tensors.get(name);
      expect(entry && Array.from(toFloat32(entry))).toEqual(Array.from(variable.dataSync()));
    }
    expect(exported.config).toMatchObject({
      peft_type: "LORA",
      r: config.loraRank,
      lora_alpha: config.loraAlpha,
      target_modules: ["answer", "image"],
    });
  });
});

describe("a damaged checkpoint", () => {
  it.each([0, 7, 100, 0.5, 0.999])("is refused when cut at %s", async (at) => {
    const end = at < 1 ? Math.floor(at * bytes.length) : at;
    await expect(decodeCheckpoint(bytes.slice(0, end))).rejects.toMatchObject({ code: "checkpointCorrupt" });
  });

  it("is refused when any bit is flipped", async () => {
    for (let at = 0; at < bytes.length; at += 41) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 4;
      // A flipped bit in the header's padding or key spelling may also fail as an unknown format: never as a success.
      await expect(decodeCheckpoint(damaged), `byte ${at}`).rejects.toMatchObject({
        code: "checkpointCorrupt",
      });
    }
  });

  it("is refused when it is some other safetensors file", async () => {
    const other = writeSafetensors(new Map(), { format: "pt" });
    await expect(decodeCheckpoint(other)).rejects.toMatchObject({ code: "checkpointCorrupt" });
  });
});

describe("a checkpoint of something else", () => {
  it("is refused with its version when a later program wrote it, whatever its checksum means there", async () => {
    const { tensors, metadata } = readSafetensors(bytes);
    const later = writeSafetensors(tensors, { ...metadata, version: "2" });
    await expect(decodeCheckpoint(later)).rejects.toMatchObject({
      code: "fileTooNew",
      data: { version: "2" },
    });
  });

  it("is refused for another model, with nothing written", async () => {
    const other = openSession("another");
    const before = weights(other);
    const checkpoint = await decodeCheckpoint(bytes);
    expect(() => restoreCheckpoint(checkpoint, other.model, other.state)).toThrow(/another/);
    expect(weights(other)).toEqual(before);
    expect(other.state.step).toBe(0);
  });

  it("is refused when a tensor is missing", async () => {
    const checkpoint = await decodeCheckpoint(bytes);
    const tensors = new Map(
      [...checkpoint.tensors].filter(([name]) => name !== "moment2/base_model.model.image.lora_B.weight"),
    );
    const { model, state } = openSession();
    expect(() => restoreCheckpoint({ ...checkpoint, tensors }, model, state)).toThrow(
      /moment2\/base_model\.model\.image/,
    );
  });
});

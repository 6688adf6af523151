import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { closeBackend } from "../device/backend.ts";
import { Linear } from "../nn/linear.ts";
import { createRng } from "../rng.ts";
import { type AdapterSlot, createAdapter } from "./adapter.ts";
import { adapterConfig, loadAdapters, peftName, saveAdapters, targetOf } from "./peft.ts";

/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

beforeAll(async () => {
  await startNodeBackend("cpu");
}, BACKEND_TIMEOUT_MS);
afterAll(closeBackend);

const QUERY = "showo.model.layers.0.self_attn.q_proj";
const MLP = "showo.model.layers.0.mlp.fc1";

const layer = (inSize: number, outSize: number) =>
  new Linear(tf.ones([inSize, outSize]), tf.zeros([outSize]));

function makeModules(): Map<string, AdapterSlot> {
  const slotOf = ({ slots: [slot] }: Linear) => slot as AdapterSlot;
  return new Map([
    [QUERY, slotOf(layer(4, 4))],
    [MLP, slotOf(layer(4, 6))],
  ]);
}

function attach(modules: ReadonlyMap<string, AdapterSlot>): void {
  for (const [name, slot] of modules) {
    const { inSize, outSize } = slot;
    slot.setAdapter(createAdapter({ inSize, outSize }, 2, 8, createRng(5, name)));
  }
}

describe("a fresh adapter", () => {
  it("draws A within ±1/√in from its seed, and B is zero", async () => {
    const make = () => createAdapter({ inSize: 64, outSize: 3 }, 2, 8, createRng(1));
    const adapter = make();
    expect(adapter.scale).toBe(4);
    expect(adapter.a.shape).toEqual([2, 64]);
    const values = await adapter.a.data();
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(1 / 8);
    expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(0.11);
    expect(await make().a.data()).toEqual(values);
    expect([...(await adapter.b.data())]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("does not change its layer", async () => {
    const own = layer(4, 6);
    const x = tf.tensor2d([1, 2, 3, 4], [1, 4]);
    attach(new Map(own.slots.map((slot) => [MLP, slot])));
    expect(await own.apply(x).data()).toEqual(new Float32Array(6).fill(10));
  });
});

describe("PEFT files", () => {
  it("name tensors and targets as PEFT does", () => {
    expect(peftName(QUERY, "A")).toBe("base_model.model.showo.model.layers.0.self_attn.q_proj.lora_A.weight");
    expect(targetOf(MLP)).toBe("fc1");
  });

  it("survive a round trip", async () => {
    const modules = makeModules();
    attach(modules);
    const config = adapterConfig(modules, 8);
    expect(config).toMatchObject({
      peft_type: "LORA",
      r: 2,
      lora_alpha: 8,
      target_modules: ["q_proj", "fc1"],
    });
    const saved = await saveAdapters(modules);
    expect([...saved.values()].map(({ shape }) => shape)).toEqual([
      [2, 4],
      [4, 2],
      [2, 4],
      [6, 2],
    ]);
    const others = makeModules();
    loadAdapters(others, saved, config);
    expect(await saveAdapters(others)).toEqual(saved);
    expect(others.get(MLP)?.adapter?.scale).toBe(4);
  });

  it("put adapters on the named targets only", async () => {
    const modules = makeModules();
    attach(modules);
    const saved = await saveAdapters(modules);
    for (const half of ["A", "B"] as const) saved.delete(peftName(QUERY, half));
    loadAdapters(modules, saved, { r: 2, lora_alpha: 8, target_modules: ["fc1"] });
    expect(modules.get(QUERY)?.adapter).toBeNull();
    expect(modules.get(MLP)?.adapter).not.toBeNull();
  });

  it("are refused when a tensor is missing, misshapen or of another model, and nothing changes", async () => {
    const modules = makeModules();
    attach(modules);
    const config = adapterConfig(modules, 8);
    const before = modules.get(QUERY)?.adapter;
    const tensors = tf.memory().numTensors;
    const missing = await saveAdapters(modules);
    missing.delete(peftName(MLP, "B"));
    expect(() => loadAdapters(modules, missing, config)).toThrow(`no tensor ${peftName(MLP, "B")}`);
    const saved = await saveAdapters(modules);
    expect(() => loadAdapters(modules, saved, { ...config, r: 3 })).toThrow("is [2, 4] instead of [3, 4]");
    expect(() => loadAdapters(modules, saved, { ...config, target_modules: ["fc1"] })).toThrow("q_proj");
    expect(modules.get(QUERY)?.adapter).toBe(before);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

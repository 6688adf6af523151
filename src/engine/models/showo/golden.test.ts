import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { readSafetensors, writeSafetensors } from "../../safetensors/safetensors.ts";
import { fromFloat32, toFloat32 } from "../../safetensors/toFloat32.ts";
import { type CheckResult, verifyShowoGolden } from "./golden.ts";
import { countDifferences, judge, largestDifference, relativeError } from "./goldenCompare.ts";

const shared = process.env.UNIRL_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));
const folder = `${shared}/golden/showo-a`;
const read = async (name: string) => new Uint8Array(await readFile(`${folder}/${name}`));
/** The plain JavaScript backend needs most of a minute for the image tokenizer on a busy machine. */
const GOLDEN_TIMEOUT_MS = 300_000;

afterEach(closeBackend);

async function verify(reader: (name: string) => Promise<Uint8Array>): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for await (const result of verifyShowoGolden(reader)) results.push(result);
  return results;
}

const failures = (results: readonly CheckResult[]) => results.filter(({ pass }) => !pass);

describe("golden numbers of the PyTorch reference", () => {
  it.each(["wasm", "cpu"] as const)(
    "are met on %s",
    async (backend) => {
      await startNodeBackend(backend);
      const results = await verify(read);
      expect(failures(results)).toEqual([]);
      expect(results.map(({ check }) => check)).toEqual([
        "t2i mask",
        "mmu mask",
        "t2i logits",
        "mmu logits",
        "t2i loss",
        "mmu loss",
        "parameter gradients",
        "MaskGIT trace",
        "MaskGIT final codes",
        "greedy answer",
        "LoRA logits",
        "LoRA loss",
        "LoRA gradients",
        "tokenizer indices",
        "decoded pixels",
      ]);
    },
    GOLDEN_TIMEOUT_MS,
  );

  it(
    "are missed by a changed weight, a missing key and a NaN",
    async () => {
      await startNodeBackend("wasm");
      const { tensors } = readSafetensors(await read("expected.safetensors"));
      const logits = tensors.get("lora.t2i_logits");
      if (!logits) throw new Error("the fixture has no lora.t2i_logits");
      tensors.set("lora.t2i_logits", fromFloat32(toFloat32(logits).fill(Number.NaN), logits.shape));
      tensors.delete("grad.showo.lm_head.bias");
      tensors.delete("vq.decoded_nchw");
      const expected = writeSafetensors(tensors);
      const weights = readSafetensors(await read("model.safetensors")).tensors;
      const head = weights.get("showo.lm_head.bias");
      if (!head) throw new Error("the fixture has no lm_head bias");
      const moved = toFloat32(head);
      moved[0] = (moved[0] ?? 0) + 1e-3;
      weights.set("showo.lm_head.bias", fromFloat32(moved, head.shape));
      const model = writeSafetensors(weights);
      const broken = new Map([
        ["expected.safetensors", expected],
        ["model.safetensors", model],
      ]);
      const results = await verify(async (name) => broken.get(name) ?? (await read(name)));
      const failed = failures(results).map(({ check }) => check);
      expect(failed).toEqual(
        expect.arrayContaining([
          "t2i logits",
          "mmu logits",
          "parameter gradients",
          "LoRA logits",
          "image tokenizer",
        ]),
      );
    },
    GOLDEN_TIMEOUT_MS,
  );
});

describe("comparisons", () => {
  it("never let NaN or a wrong length pass", () => {
    expect(judge("x", Number.NaN, 1, "").pass).toBe(false);
    expect(largestDifference([1, Number.NaN, 1], [1, 1, 1]).error).toBeNaN();
    expect(largestDifference([1, 1], [1, Number.NaN]).error).toBeNaN();
    expect(largestDifference([1], [1, 1]).error).toBeNaN();
    expect(relativeError([Number.NaN], [1])).toBeNaN();
    expect(relativeError([], [1])).toBeNaN();
    expect(countDifferences([], [1])).toBeNaN();
    expect(countDifferences([Number.NaN, 1], [1, 1])).toBe(1);
  });

  it("measure what they say", () => {
    expect(largestDifference([1, 5, 2], [1, 1, 4], (at) => at !== 1)).toEqual({ error: 2, compared: 2 });
    expect(relativeError([3, 4], [0, 5])).toBeCloseTo(Math.sqrt(10) / 5, 12);
    expect(relativeError([0.5], [0])).toBe(0.5);
  });
});

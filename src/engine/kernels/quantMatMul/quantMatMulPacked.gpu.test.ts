import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../../cli/node/dawn.ts";
import { startNodeBackend } from "../../../cli/node/nodeBackend.ts";
import { closeBackend } from "../../device/backend.ts";
import { QUANT_FORMATS, type QuantFormat } from "../../quant/quantFormat.ts";
import { quantiseMatrix } from "../../quant/quantiseMatrix.ts";
import { expectCaseAgrees } from "./linearCase.ts";

const hasDawn = (await openDawn()) !== null;

/** A busy machine takes its time to load tfjs. */
const BACKEND_TIMEOUT_MS = 60_000;

/** A weight whose scale is a subnormal f16. */
const SMALL = 1e-4;

const FORMATS = Object.keys(QUANT_FORMATS) as QuantFormat[];

describe.skipIf(!hasDawn)("the linear layer on WebGPU, packed weights", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  }, BACKEND_TIMEOUT_MS);
  afterAll(closeBackend);

  describe.each(FORMATS)("%s", (format) => {
    it.each([
      ["registers", 17, 64, 48, 4],
      ["registers", 63, 130, 5, 4],
      ["registers", 65, 33, 1, 1],
      ["registers", 129, 96, 100, 4],
      ["few rows", 1, 160, 48, 1],
      ["few rows", 1, 130, 5, 4],
    ] as const)("%s: agrees with its twin at %i × %i → %i, rank %i", (form, rows, inSize, outSize, rank) =>
      expectCaseAgrees({
        rows,
        inSize,
        outSize,
        rank,
        format,
        variant: form === "registers" ? "registers" : "shared",
      }),
    );
  });

  // Groups of other sizes read the same words; a tile's pipeline takes a software GPU a second to compile.
  it.each(["int8", "int4"] as const)("%s in shared tiles: agrees with its twin over many rows", (format) =>
    expectCaseAgrees({ rows: 387, inSize: 96, outSize: 100, rank: 4, format, variant: "shared" }),
  );

  it.each([
    ["int8", 17, 96],
    ["int4", 17, 96],
    ["int4", 3, 96],
  ] as const)(
    "%s with a residual and adapters side by side: agrees with its twin over %i rows",
    (format, rows, inSize) =>
      expectCaseAgrees({
        rows,
        inSize,
        outSize: 48,
        rank: 8,
        spans: [
          { start: 0, count: 16 },
          { start: 32, count: 16 },
        ],
        format,
        hasResidual: true,
      }),
  );

  it("works without adapter and bias", () =>
    expectCaseAgrees({ rows: 3, inSize: 96, outSize: 100, rank: 0, format: "int4", hasBias: false }));

  it("decodes scales that are small halves", () =>
    expectCaseAgrees({
      rows: 17,
      inSize: 64,
      outSize: 48,
      rank: 0,
      format: "int8",
      variant: "registers",
      hasBias: false,
      weightLevel: SMALL,
    }));
});

it("has small halves to decode in that case", () => {
  const { scales } = quantiseMatrix(Float32Array.of(SMALL, -SMALL), { outSize: 1, inSize: 2 }, "int8");
  expect((scales[0] ?? 0) & 0x7c00).toBe(0);
  expect((scales[0] ?? 0) & 0x3ff).toBeGreaterThan(0);
});

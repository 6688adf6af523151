import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { describe, expect, it } from "vitest";
import { relativeError } from "../../src/engine/kernels/relativeError.ts";
import { dequantiseMatrix, quantiseMatrix } from "../../src/engine/quant/quantiseMatrix.ts";
import { randomMatrix, randomValues } from "../random.ts";
import { encodeMatMulNBits } from "./matMulNBits.ts";
import { field, numberField } from "./protobuf.ts";

describe("protobuf fields", () => {
  it("writes numbers seven bits a byte, and texts behind their length", () => {
    // The example of the format's own description.
    expect([...numberField(1, 150)]).toEqual([0x08, 0x96, 0x01]);
    expect([...field(2, "testing")]).toEqual([0x12, 7, ...Buffer.from("testing")]);
    expect([...field(3, [numberField(1, 150)])]).toEqual([0x1a, 3, 0x08, 0x96, 0x01]);
    expect([...numberField(16, 2 ** 40)]).toEqual([0x80, 0x01, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
  });
});

describe("a MatMulNBits model", () => {
  async function runModel(model: Uint8Array, x: Float32Array, rows: number): Promise<Float32Array> {
    env.wasm.numThreads = 1;
    const session = await InferenceSession.create(model, { executionProviders: ["wasm"] });
    const { y } = await session.run({ x: new Tensor("float32", x, [rows, x.length / rows]) });
    await session.release();
    return (y as Tensor).data as Float32Array;
  }

  it("computes with exactly our int4 weights", { timeout: 60_000 }, async () => {
    const [rows, inSize, outSize] = [3, 96, 7];
    const x = randomValues("x", rows, inSize);
    const matrix = quantiseMatrix(randomValues("w", outSize, inSize), { outSize, inSize }, "int4");
    const weights = dequantiseMatrix(matrix);
    const expected = Float32Array.from({ length: rows * outSize }, (_, at) => {
      const [row, out] = [Math.floor(at / outSize), at % outSize];
      let sum = 0;
      for (let k = 0; k < inSize; k++) sum += (x[row * inSize + k] ?? 0) * (weights[out * inSize + k] ?? 0);
      return sum;
    });
    const actual = await runModel(encodeMatMulNBits(matrix, rows, 0), x, rows);
    expect(actual).toHaveLength(rows * outSize);
    expect(relativeError(actual, expected)).toBeLessThan(1e-6);
  });

  it("refuses matrices that the operator lays out otherwise", () => {
    expect(() => encodeMatMulNBits(randomMatrix("m", 4, 64, "int4Wide"), 1, 0)).toThrow(RangeError);
    expect(() => encodeMatMulNBits(randomMatrix("m", 4, 40, "int4"), 1, 0)).toThrow(RangeError);
  });
});

describe("a random matrix", () => {
  it.each(["int4", "int4Wide", "int8", "int8Row"] as const)(
    "in %s keeps the level of what it is multiplied with",
    (format) => {
      const values = dequantiseMatrix(randomMatrix("level", 32, 256, format));
      const squares = values.reduce((sum, value) => sum + value * value, 0);
      expect(Math.sqrt(squares / 32)).toBeGreaterThan(0.95);
      expect(Math.sqrt(squares / 32)).toBeLessThan(1.05);
    },
  );
});

/** y = x·Wᵀ with W in int4, groups of 32: our product against onnxruntime-web's MatMulNBits on the same weights. */
import * as tf from "@tensorflow/tfjs-core";
import { PackedWeight } from "../../src/engine/kernels/quantMatMul/packedWeight.ts";
import { quantLinear } from "../../src/engine/kernels/quantMatMul/quantMatMul.ts";
import { shaderAndTwin } from "../contenders.ts";
import { productFlops } from "../flops.ts";
import { randomMatrix, randomValues } from "../random.ts";
import type { Sizes } from "../sizes.ts";
import type { Planned } from "../suite.ts";
import { onnxContender } from "./onnx.ts";

function product(rows: number, inSize: number, outSize: number): Planned {
  return {
    name: `int4 product, ${rows} rows, ${inSize} to ${outSize}`,
    open: async () => {
      const matrix = randomMatrix("peers", outSize, inSize, "int4");
      const values = randomValues("x", rows, inSize);
      const weight = new PackedWeight(matrix);
      const x = tf.tensor2d(values, [rows, inSize]);
      const work = { matrix, x: values, rows };
      const peers = [
        onnxContender(work, "webgpu", 0),
        onnxContender(work, "webgpu", 4),
        onnxContender(work, "wasm", 0),
      ];
      return {
        shape: { rows, inner: inSize, columns: outSize },
        contenders: [
          ...shaderAndTwin(() => [quantLinear(x, weight, null, [], { isConstant: true })]),
          ...peers.map(({ contender }) => contender),
        ],
        flops: productFlops(rows, inSize, outSize),
        dispose: () => {
          weight.dispose();
          for (const peer of peers) peer.dispose();
        },
      };
    },
  };
}

/** Every number of rows with every width of the result. */
export function planInt4({ rows, width, outWidths }: Sizes["peers"]): Planned[] {
  return outWidths.flatMap((outSize) => rows.map((count) => product(count, width, outSize)));
}

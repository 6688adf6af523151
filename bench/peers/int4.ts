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

/** One benchmark per row count and direction of the MLP's first product. */
export function planInt4({ rows, width }: Sizes["peers"]): Planned[] {
  const outSize = width;
  return rows.map((count) => ({
    name: `int4 product, ${count} rows`,
    open: async () => {
      const matrix = randomMatrix("peers", outSize, width);
      const values = randomValues("x", count, width);
      const weight = new PackedWeight(matrix);
      const x = tf.tensor2d(values, [count, width]);
      const product = { matrix, x: values, rows: count };
      const peers = [
        onnxContender(product, "webgpu", 0),
        onnxContender(product, "webgpu", 4),
        onnxContender(product, "wasm", 0),
      ];
      return {
        shape: { rows: count, inner: width, columns: outSize },
        contenders: [
          ...shaderAndTwin(() => [quantLinear(x, weight, null, null, { isConstant: true })]),
          ...peers.map(({ contender }) => contender),
        ],
        flops: productFlops(count, width, outSize),
        dispose: () => {
          weight.dispose();
          for (const peer of peers) peer.dispose();
        },
      };
    },
  }));
}

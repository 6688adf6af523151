/** The adapter's peak as far as a product reaches it: the best of our forms on square f32 matrices. */

import type * as tf from "@tensorflow/tfjs-core";
import type { ProductVariant } from "../src/engine/kernels/quantMatMul/operands.ts";
import { quantLinear } from "../src/engine/kernels/quantMatMul/quantMatMul.ts";
import { tensorContender } from "./contenders.ts";
import { productFlops } from "./flops.ts";
import type { Result } from "./measure.ts";
import { randomTensor } from "./random.ts";
import type { Sizes } from "./sizes.ts";
import type { Planned } from "./suite.ts";

const VARIANTS: readonly ProductVariant[] = ["registers", "shared"];

export function planPeak({ peakSide: side }: Sizes): Planned {
  return {
    name: `f32 product, ${side}³`,
    open: async () => {
      const [x, w] = [randomTensor<tf.Rank.R2>("x", side, side), randomTensor<tf.Rank.R2>("w", side, side)];
      const contender = (variant: ProductVariant) =>
        tensorContender(`our product, ${variant}`, () => [
          quantLinear(x, w, null, [], { isConstant: true, variant }),
        ]);
      return {
        shape: { rows: side, inner: side, columns: side },
        contenders: VARIANTS.map(contender),
        flops: productFlops(side, side, side),
      };
    },
  };
}

/** The best rate among the results, in 10⁹ multiplications and additions a second; 0 when nothing was timed. */
export function bestRate(results: readonly Result[]): number {
  return Math.max(0, ...results.map((result) => ("gflops" in result ? (result.gflops ?? 0) : 0)));
}

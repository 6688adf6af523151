import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDawn } from "../../cli/node/dawn.ts";
import { startNodeBackend } from "../../cli/node/nodeBackend.ts";
import { closeBackend } from "../device/backend.ts";
import type { TrainerBackend } from "../device/trainerBackend.ts";
import { expectClose, expectTwinAgrees, randomTensor } from "../kernels/oracle.ts";
import { LowRankAdapter } from "../lora/adapter.ts";
import { AdamW } from "../optim/adamw.ts";
import { Linear } from "./linear.ts";

const hasDawn = (await openDawn()) !== null;

const [IN, OUT] = [24, 16];
const matrix = (name: string, rows: number, columns: number) =>
  randomTensor<tf.Rank.R2>(name, [rows, columns]);

/** Three layers side by side, two of them with adapters. */
function makeLayer() {
  const names = ["q", "k", "v"];
  const layer = Linear.join(
    names.map((name) => new Linear(matrix(name, IN, OUT), randomTensor<tf.Rank.R1>(name, [OUT]))),
  );
  const adapters = [0, 2].map((at) => {
    const adapter = new LowRankAdapter(matrix(`a${at}`, 4, IN), matrix(`b${at}`, OUT, 4), 2);
    layer.slots[at]?.setAdapter(adapter);
    return { at, adapter };
  });
  return { layer, adapters };
}

/** x·W + b and what the adapters add as they are now, by stock ops. */
function plainly({ layer, adapters }: ReturnType<typeof makeLayer>, x: tf.Tensor2D): tf.Tensor {
  const base = tf.add(tf.matMul(x, layer.weight as tf.Tensor2D), layer.bias);
  const added = adapters.map(({ at, adapter: { a, b, scale } }) => {
    const delta = tf.mul(tf.matMul(tf.matMul(x, tf.transpose(a)), tf.transpose(b)), scale);
    return tf.pad(delta, [
      [0, 0],
      [at * OUT, (2 - at) * OUT],
    ]);
  });
  return tf.addN([base, ...added]);
}

describe.skipIf(!hasDawn)("layers side by side on WebGPU", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await startNodeBackend("webgpu");
  });
  afterAll(closeBackend);

  it("see what the optimizer wrote in place, and put their adapters together only then", async () => {
    const made = makeLayer();
    const { layer, adapters } = made;
    const x = matrix("x", 9, IN);
    const variables = adapters.flatMap(({ adapter: { a, b } }) => [a, b]);
    const optimizer = new AdamW(variables.map((variable) => ({ name: variable.name, variable })));
    const gradients = Object.fromEntries(
      variables.map(({ name, shape }) => [name, randomTensor(name, shape)]),
    );
    const concats = () =>
      (tf.backend() as unknown as TrainerBackend).dispatchesByProgram().get("ConcatProgram") ?? 0;
    for (let update = 0; update < 3; update++) {
      const before = concats();
      const [first, second] = [layer.apply(x), layer.apply(x)];
      expect(concats() - before).toBe(2);
      await expectClose(first, plainly(made, x));
      expect(await second.data()).toEqual(await first.data());
      optimizer.update(gradients, 0.1);
    }
    optimizer.dispose();
    layer.dispose();
  });

  it("copy themselves with their adapters merged as the twin does", () =>
    expectTwinAgrees(() => {
      const made = makeLayer();
      const copy = made.layer.frozenCopy();
      made.layer.dispose();
      const x = matrix("x", 9, IN);
      const output = copy.apply(x);
      const merged = tf.clone(copy.weight as tf.Tensor2D);
      copy.dispose();
      return [merged, output];
    }));
});

/** Contenders of @jax-js/jax: the same work, compiled by its `jit`. */
import type { Array as JaxArray } from "@jax-js/jax";
import type { Contender } from "../rounds.ts";
import { placeBrowserGlobals } from "./browserGlobals.ts";

export type JaxDevice = "webgpu" | "wasm";
type Jax = typeof import("@jax-js/jax");

/** Numbers and their shape. */
export interface HostArray {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

/** A function of arrays, each of which it uses up. */
export type JaxProgram = (jax: Jax, ...inputs: JaxArray[]) => JaxArray;

/** Runs handed over before the first of them is done, so that the device need not wait for this thread. */
const IN_FLIGHT = 4;

async function startJax(device: JaxDevice): Promise<Jax> {
  await placeBrowserGlobals();
  const jax = await import("@jax-js/jax");
  const started = await jax.init(device);
  if (!started.includes(device)) throw new Error(`jax-js does not run on ${device} here`);
  jax.defaultDevice(device);
  return jax;
}

/**
 * The value of Σ direction·program(inputs) and its gradients.
 * @param taped which inputs get a gradient; `values` gives their gradients one behind the other
 */
export function jaxGradients(
  device: JaxDevice,
  program: JaxProgram,
  inputs: readonly HostArray[],
  direction: HostArray,
  taped: readonly number[],
): Contender {
  let opened: { jax: Jax; compute: () => [JaxArray, JaxArray[]]; dispose: () => void } | null = null;
  const open = async () => {
    const jax = await startJax(device);
    if (opened) return opened;
    const upload = ({ values, shape }: HostArray) => jax.numpy.array(values, { shape: [...shape], device });
    const held = [...inputs, direction].map(upload);
    const objective = (...args: JaxArray[]) =>
      jax.numpy.sum(program(jax, ...args.slice(0, -1)).mul(args.at(-1) as JaxArray));
    const both = jax.jit(jax.valueAndGrad(objective, { argnums: [...taped] }));
    const compute = () => both(...held.map((array) => array.ref)) as unknown as [JaxArray, JaxArray[]];
    opened = { jax, compute, dispose: () => both.dispose() };
    return opened;
  };
  return {
    name: `jax-js ${device}`,
    prepare: async () => {
      await open();
    },
    run: async (times) => {
      const { jax, compute } = await open();
      const handed: Promise<void>[] = [];
      for (let at = 0; at < times; at++) {
        const [value, gradients] = compute();
        const results = [value, ...gradients];
        // Nothing runs before it is waited for, and what is disposed until then never does.
        handed.push(
          jax.blockUntilReady(results).then(() => {
            for (const array of results) array.dispose();
          }),
        );
        await handed[at - IN_FLIGHT];
      }
      await Promise.all(handed);
    },
    values: async () => {
      const { compute } = await open();
      const [value, gradients] = compute();
      value.dispose();
      const parts = await Promise.all(gradients.map((gradient) => gradient.data() as Promise<Float32Array>));
      return parts.flatMap((part) => [...part]);
    },
  };
}

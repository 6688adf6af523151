/** One GRPO step, drawn, judged and learnt from. */
import { makeConfig } from "../../src/engine/config.ts";
import type { UnifiedModel } from "../../src/engine/models/unified.ts";
import { compileStep } from "../../src/engine/rl/compileStep.ts";
import { createTrainerState, train } from "../../src/engine/rl/trainer.ts";
import { createTaskSource, judgeAnswer } from "../../src/engine/rl/worldTask.ts";
import { createSplits } from "../../src/engine/world/splits.ts";
import { worldPreset } from "../../src/engine/world/worldSpec.ts";
import { asyncShaderAndTwin, readAll } from "../contenders.ts";
import { areKernelsTimed, settleChoices } from "../gpuWork.ts";
import type { StepSizes } from "../sizes.ts";
import { type BenchModel, labelOf, type Planned } from "../suite.ts";
import { openModel } from "./model.ts";

/** Learning from another image, or from an image that parts at a code which rounding decides, turns some of the update. */
const LARGEST_TURN = 0.1;

/** A word and its end, also on a GPU that computes nothing, whose answers never end by themselves. */
const ANSWER_TOKENS = 2;

/** What is learnt, by which rewards. */
function lesson(model: UnifiedModel, world: "nano" | "tiny", sizes: StepSizes) {
  const config = makeConfig("robust", { ...sizes, klImage: 0.1, answerMaxTokens: ANSWER_TOKENS });
  const spec = worldPreset(world);
  // Rewards in turn, so that every group teaches and both contenders do the same work.
  let asked = 0;
  const judge: typeof judgeAnswer = (...given) => {
    asked += 1;
    return { ...judgeAnswer(...given), reward: asked % 2 };
  };
  return { model, judge, drawTask: createTaskSource(spec, createSplits(spec)), config: () => config };
}

/**
 * A fresh adapter learns one step.
 * @throws Error when a group taught nothing: then it was not the work that is measured
 */
async function runStep({ model, ...given }: ReturnType<typeof lesson>): Promise<void> {
  const { loraRank, loraAlpha, seed } = given.config();
  model.attachAdapter({ rank: loraRank, alpha: loraAlpha, seed });
  const state = createTrainerState(model);
  try {
    for await (const event of train({ ...given, model, state })) {
      if (event.kind === "groupsScored" && event.deadGroups.includes(true)) {
        throw new Error("A group of the measured step taught nothing.");
      }
      if (event.kind === "stepFinished") return;
    }
  } finally {
    state.optimizer.dispose();
  }
}

/** What the step changed: B of every adapter, which began as zeros; A stands still as long as B is zero. */
function readUpdate(model: UnifiedModel): Promise<Float32Array> {
  const changed = model.adapterVariables().filter(({ name }) => name.includes("lora_B"));
  return readAll(changed.map(({ variable }) => variable));
}

/** 1 − the cosine of the angle between two updates. */
export function turnBetween(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  let [product, squares, referenceSquares] = [0, 0, 0];
  for (let at = 0; at < reference.length; at++) {
    const [a = Number.NaN, b = Number.NaN] = [values[at], reference[at]];
    product += a * b;
    squares += a * a;
    referenceSquares += b * b;
  }
  return 1 - product / Math.sqrt(squares * referenceSquares);
}

/** @param source a shipped model */
export function planStep(name: string, source: BenchModel, sizes: StepSizes): Planned {
  return {
    name,
    open: async () => {
      const model = await openModel(source);
      const world = source.folder.includes("nano") ? "nano" : "tiny";
      return {
        model: labelOf(source),
        shape: { ...sizes },
        contenders: asyncShaderAndTwin({
          work: () => runStep(lesson(model, world, sizes)),
          values: async () => {
            await runStep(lesson(model, world, sizes));
            return readUpdate(model);
          },
          choose: async () => {
            if (!areKernelsTimed()) return;
            await compileStep(lesson(model, world, sizes));
            await settleChoices();
          },
        }),
        differ: turnBetween,
        tolerance: LARGEST_TURN,
        finishes: { count: sizes.promptsPerStep * sizes.groupSize, what: "images" },
        dispose: () => model.dispose(),
      };
    },
  };
}

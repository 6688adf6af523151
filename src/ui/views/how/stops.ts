/** The six stops of a step: where each is in the code, and which setting shows it best. Data and pure functions. */
import type { RunConfig } from "../../../engine/config.ts";

export const STOP_IDS = ["prompt", "draw", "ask", "reward", "compare", "learn"] as const;
export type StopId = (typeof STOP_IDS)[number];

/** A function of the repository. */
export interface CodePlace {
  /** From the repository's root. */
  readonly file: string;
  readonly name: string;
}

export const CODE_PLACES: Readonly<Record<StopId, CodePlace>> = {
  prompt: { file: "src/engine/rl/gatherGroups.ts", name: "drawTasks" },
  draw: { file: "src/engine/models/showo/maskgit.ts", name: "decodeStep" },
  ask: { file: "src/engine/models/showo/answer.ts", name: "continueAnswers" },
  reward: { file: "src/engine/reward/matchAnswer.ts", name: "matchAnswer" },
  compare: { file: "src/engine/rl/advantage.ts", name: "computeAdvantages" },
  learn: { file: "src/engine/kernels/tokenLoss/twin.ts", name: "policyTerm" },
};

export interface Trial {
  readonly key: keyof RunConfig;
  readonly value: number | string;
}

/** A trial, or another one where the run is like that already. */
const unlessSame = (config: RunConfig, wanted: Trial, other: Trial): Trial =>
  config[wanted.key] === wanted.value ? other : wanted;

/**
 * The setting to try at a stop.
 * @param temperature of the answers, as the visitor left it
 */
export function trialOf(stop: StopId, config: RunConfig, temperature: number): Trial {
  const pick = (key: keyof RunConfig, wanted: Trial["value"], other: Trial["value"]) =>
    unlessSame(config, { key, value: wanted }, { key, value: other });
  switch (stop) {
    case "prompt":
      return pick("promptKind", "counting", "colors");
    case "draw":
      return pick("decodeSteps", 2, 16);
    case "ask":
      return pick("answerTemperature", temperature, 1.5);
    case "reward":
      return pick("questionsPerImage", 3, 1);
    case "compare":
      return pick("groupSize", 2, 8);
    case "learn":
      return pick("klImage", 0, 0.1);
    default:
      return stop satisfies never;
  }
}

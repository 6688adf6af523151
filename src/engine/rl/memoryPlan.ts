/**
 * How a run is cut up so that it fits: decided from sizes before anything is allocated. A step's memory depends on the
 * images of one call and one pass, not on the group, so a group of any size fits wherever one image does.
 */
import type { RunConfig } from "../config.ts";
import { EngineError } from "../errors.ts";
import type { MemoryBytes, MemoryDemand, UnifiedModel, WorkLimits } from "../models/unified.ts";

const GIB = 2 ** 30;

/** Largest first: more images at once are quicker, up to a point where nothing is won. */
const IMAGES_PER_CALL = [64, 32, 16, 8, 4, 2, 1] as const;
const IMAGES_PER_PASS = [8, 4, 2, 1] as const;

/** A run's cut, and what it takes. */
export interface MemoryPlan {
  readonly limits: WorkLimits;
  readonly bytes: MemoryBytes;
  /** Most that is there at once, bytes. */
  readonly peak: number;
  /** What the run may take, bytes. */
  readonly budget: number;
}

type Estimate = Pick<UnifiedModel, "estimateMemory">;

function describeDemand(config: RunConfig): Omit<MemoryDemand, keyof WorkLimits> {
  return {
    loraRank: config.loraRank,
    isGuided: config.guidanceScale > 0,
    isEndToEnd: config.imagePath === "endToEnd",
    isRepeated: config.innerUpdates > 1,
    answerMaxTokens: config.answerMaxTokens,
    imagesPerStep: config.promptsPerStep * config.groupSize,
  };
}

/** Weights, adapter and optimizer stay; of the rest one part at a time is there. */
export function peakBytes({ weights, adapter, optimizer, ...parts }: MemoryBytes): number {
  return weights + adapter + optimizer + Math.max(...Object.values(parts));
}

/** 1.50 GiB, 12.3 MiB */
export function formatBytes(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(2)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** Images a call may have, largest first; more than a step draws are never asked for. */
function callSizes({ promptsPerStep, groupSize }: RunConfig): readonly number[] {
  const wanted = promptsPerStep * groupSize;
  return IMAGES_PER_CALL.filter((count) => count === 1 || count / 2 < wanted);
}

/** Every cut, quickest first: whole tapes before recomputed ones. */
function* cuts(): Generator<WorkLimits> {
  for (const isRecomputed of [false, true]) {
    for (const imagesPerPass of IMAGES_PER_PASS) yield { imagesPerPass, imagesPerCall: 1, isRecomputed };
  }
}

const SMALLEST: WorkLimits = { imagesPerCall: 1, imagesPerPass: 1, isRecomputed: true };

/** What else could be tried, with what it would take; only what is enough. */
function proposals(model: Estimate, config: RunConfig, budget: number): string[] {
  const peakOf = (change: Partial<MemoryDemand>) =>
    peakBytes(model.estimateMemory({ ...describeDemand(config), ...SMALLEST, ...change }));
  const options = [
    { words: "open the model with int8 weights", peak: peakOf({ weights: "int8" }) },
    { words: "open the model with int4 weights", peak: peakOf({ weights: "int4" }) },
    { words: "take a LoRA rank of 4", peak: peakOf({ loraRank: Math.min(4, config.loraRank) }) },
    {
      words: "take int4 weights and a LoRA rank of 4",
      peak: peakOf({ weights: "int4", loraRank: Math.min(4, config.loraRank) }),
    },
  ];
  const enough = options.filter(({ peak }) => peak <= budget);
  return [
    ...enough.slice(0, 2).map(({ words, peak }) => `${words} (${formatBytes(peak)})`),
    `raise the memory budget to ${Math.ceil((peakOf({}) / GIB) * 4) / 4} GiB if the device has it`,
  ];
}

/**
 * The quickest cut that fits the configuration's budget.
 * @throws EngineError("outOfMemory") with what is missing and what would fit, when one image at a time is too much
 */
export function planMemory(model: Estimate, config: RunConfig): MemoryPlan {
  const budget = config.memoryBudget * GIB;
  const demand = describeDemand(config);
  const fits = (limits: WorkLimits) => peakBytes(model.estimateMemory({ ...demand, ...limits })) <= budget;
  for (const cut of cuts()) {
    const imagesPerCall = callSizes(config).find((count) => fits({ ...cut, imagesPerCall: count }));
    if (imagesPerCall === undefined) continue;
    const limits = { ...cut, imagesPerCall };
    const bytes = model.estimateMemory({ ...demand, ...limits });
    return { limits, bytes, peak: peakBytes(bytes), budget };
  }
  const bytes = model.estimateMemory({ ...demand, ...SMALLEST });
  const peak = peakBytes(bytes);
  throw new EngineError(
    "outOfMemory",
    `Learning one image at a time takes ${formatBytes(peak)}, ${formatBytes(bytes.weights)} of it the weights, and this run may take ${formatBytes(budget)}. Either ${proposals(model, config, budget).join(", or ")}.`,
    { peak, budget, weights: bytes.weights },
  );
}

/** One line for people. */
export function describePlan({ limits, bytes, peak, budget }: MemoryPlan): string {
  const { imagesPerPass, imagesPerCall, isRecomputed } = limits;
  const parts = (["weights", "adapter", "optimizer", "drawing", "learning"] as const).map(
    (part) => `${part} ${formatBytes(bytes[part])}`,
  );
  const again = isRecomputed ? ", layers computed again for their gradients" : "";
  return `at most ${formatBytes(peak)} of ${formatBytes(budget)} (${parts.join(", ")}): ${imagesPerCall} images a call, ${imagesPerPass} a pass${again}`;
}

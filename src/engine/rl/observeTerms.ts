/**
 * Entropy and KL of a step whose loss does not compute them: no weight on images, no β, or nothing but dead groups. Four
 * of its images at most are scored by the policy that drew them and by the starting model, each hidden once, without a
 * tape. Source: spec/unirl.md 10.5.
 *
 * Costs at most 16 forward passes of one image, beside the 288 to 384 that drawing, answering and learning take in a step
 * of the presets: 8 of 288 with `paper-showo` (2.8 %), 16 of 352 with `sft-e2e` (4.5 %), 16 of 384 with `sft-decoupled`
 * (4.2 %), 16 of 288 with `robust` where every group is dead (5.6 %), none elsewhere. Backward passes not counted. In time
 * somewhat more, as drawing runs prompts once only: `observeSeconds` says how much.
 */
import { concat, tidy } from "@tensorflow/tfjs-core";
import type { RunConfig } from "../config.ts";
import { beginStretch } from "../device/backend.ts";
import type { StopSignal, UnifiedModel, WorkLimits } from "../models/unified.ts";
import { createRng } from "../rng.ts";
import { drawHiddenMask, remaskRatio } from "./imageViews.ts";
import { observePass, type Pass, planPasses } from "./passes.ts";
import type { Sample } from "./samples.ts";
import type { JudgedGroup } from "./task.ts";
import { describeTerms, type TermMeans, TermTotals } from "./termTotals.ts";

const MOST_IMAGES = 4;

/** Terms whose KL the passes of a step leave unknown. */
export function findUnknownTerms(passes: readonly Pass[]): Pass["term"][] {
  const isKnown = (term: Pass["term"]) => passes.some((pass) => pass.term === term && pass.weights.kl > 0);
  return (["image", "answer"] as const).filter((term) => !isKnown(term));
}

/** The first images of as many groups as there are, then their second ones. */
function pickImages(groups: readonly JudgedGroup[]): { group: number; image: number }[] {
  const places = groups.flatMap(({ images }, group) => images.map((_, image) => ({ group, image })));
  return places.sort((a, b) => a.image - b.image || a.group - b.group).slice(0, MOST_IMAGES);
}

/**
 * Images with the answers that were sampled about them, so that k3 is an estimate of the KL whatever the objective. The
 * masks come from a stream of their own, and spread over the ratios of re-masking as those of one image's draws do.
 */
function describeSamples(
  model: UnifiedModel,
  groups: readonly JudgedGroup[],
  { seed, remaskMinRatio }: RunConfig,
  step: number,
): Sample[] {
  const picked = pickImages(groups);
  return picked.flatMap(({ group, image }, at) => {
    const { task, images, answers } = groups[group] ?? {};
    const [codes, answer] = [images?.[image], answers?.[image]];
    if (!task || !codes || !answer) return [];
    const ratio = remaskRatio(at, picked.length, remaskMinRatio);
    const rng = createRng(seed, "step", step, "observe", group, image);
    const hidden = drawHiddenMask(model.imageTokenCount, ratio, rng);
    return {
      prompt: task.metadata.prompt,
      question: task.question,
      codes,
      answer: answer.tokens,
      signal: { image: 0, answer: 0 },
      views: [{ hidden, scored: hidden }],
      softMask: hidden,
      noiseSeed: "",
    };
  });
}

/** What is observed, and where; all borrowed. */
export interface TermJob {
  readonly model: UnifiedModel;
  readonly groups: readonly JudgedGroup[];
  /** From `findUnknownTerms`. */
  readonly terms: readonly Pass["term"][];
  readonly config: RunConfig;
  readonly step: number;
  readonly limits: WorkLimits;
  readonly signal: StopSignal | undefined;
}

/**
 * Measures the policy as it stands. Changes nothing, and draws from no stream that training draws from.
 * @throws EngineError("nonFinite")
 */
export async function observeTerms(job: TermJob): Promise<TermMeans> {
  const { model, groups, terms, config, step, limits, signal } = job;
  if (terms.length === 0) return {};
  const samples = describeSamples(model, groups, config, step);
  const plan = {
    objective: config.objective,
    image: { policy: 0, kl: 1 },
    answer: { policy: 0, kl: 1 },
    endToEnd: null,
    clip: { low: config.clipLow, high: config.clipHigh },
    imagesPerPass: limits.imagesPerPass,
    isRecomputed: false,
  };
  const passes = planPasses(samples, plan).filter(({ term }) => terms.includes(term));
  const totals = new TermTotals();
  const rest = beginStretch();
  try {
    for (const pass of passes) totals.add(pass.term, observePass(model, pass));
    const numbers = tidy(() => concat(totals.tensors));
    const values = (await numbers.data()) as Float32Array;
    numbers.dispose();
    await rest(signal);
    return describeTerms(passes, totals.split(values), false);
  } finally {
    totals.dispose();
  }
}

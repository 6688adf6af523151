/**
 * What the outside judge says of states of the model: the job at work, those that wait, and what was judged. Kept are
 * the states that are shown; the worker keeps all.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { WeightsSource } from "../../protocol/commands.ts";
import type { EventOf, WireImage, WireJudgedImage, WorkerEvent } from "../../protocol/events.ts";
import { keyOf } from "../weightsOptions.ts";

export type Scores = EventOf<"imagesJudged">["scores"];
export type Outcome = EventOf<"jobEnded">["outcome"];

/** An image and its verdict; the pixels are let go where there are too many. */
export type JudgedPicture = Omit<WireJudgedImage, "image"> & { readonly image: WireImage | null };

/** One state of the model, as far as it is judged. */
export interface Judged {
  /** Finished steps behind the weights when they were asked about. */
  readonly step: number;
  /** Images of the plan, and how many are judged. */
  readonly total: number;
  readonly done: number;
  readonly judge: string | null;
  /** First line of a file of these images; it names the weights. */
  readonly header: string | null;
  readonly scores: Scores | null;
  /** As they came, each once. */
  readonly images: readonly JudgedPicture[];
  /** Null while at work. */
  readonly outcome: Outcome | null;
}

/** Weights to be judged. */
export interface Candidate {
  readonly source: WeightsSource;
  readonly step: number;
}

export interface Job extends Candidate {
  readonly jobId: string;
  readonly isStoredOnly: boolean;
  /** "ending": its end is asked for; "dropped": besides, nobody wants what it still says. */
  readonly fate: "wanted" | "ending" | "dropped";
}

/** What a person picked for each side; null where the page chooses, "none" for nothing to compare with. */
export interface Picked {
  readonly a: WeightsSource | null;
  readonly b: WeightsSource | "none" | null;
}

export interface EvaluationView {
  readonly picked: Picked;
  /** By `keyOf` of the weights. */
  readonly judged: Readonly<Record<string, Judged>>;
  readonly active: Job | null;
  readonly queue: readonly Job[];
  /** Jobs asked for so far; names the next. */
  readonly asked: number;
  /** Measured in the last job that drew; null before. */
  readonly secondsPerImage: number | null;
}

export const EMPTY_EVALUATION: EvaluationView = {
  picked: { a: null, b: null },
  judged: {},
  active: null,
  queue: [],
  asked: 0,
  secondsPerImage: null,
};

/** Pixels of all states together: a whole test of the shipped model fits. */
const PIXEL_BYTES = 48_000_000;

const nothingJudged = (step: number): Judged => ({
  step,
  total: 0,
  done: 0,
  judge: null,
  header: null,
  scores: null,
  images: [],
  outcome: null,
});

const bytesOf = (images: readonly JudgedPicture[]): number =>
  images.reduce((sum, { image }) => sum + (image?.rgb.length ?? 0), 0);

/**
 * Lets pixels go until the rest fits: of right images first, for wrong ones are looked at; then of the newest.
 * @param room bytes
 */
export function fitPixels(images: readonly JudgedPicture[], room: number): readonly JudgedPicture[] {
  let excess = bytesOf(images) - room;
  if (excess <= 0) return images;
  const kept = [...images];
  const newestFirst = [...images.keys()].reverse();
  const order = [
    ...newestFirst.filter((at) => images[at]?.correct),
    ...newestFirst.filter((at) => !images[at]?.correct),
  ];
  for (const at of order) {
    const picture = kept[at];
    if (!picture?.image) continue;
    if (excess <= 0) break;
    excess -= picture.image.rgb.length;
    kept[at] = { ...picture, image: null };
  }
  return kept;
}

/** What came before and what is new, each image once. */
function mergeImages(
  before: readonly JudgedPicture[],
  arrived: readonly WireJudgedImage[],
): readonly JudgedPicture[] {
  const known = new Set(before.map(({ seed }) => seed));
  return [...before, ...arrived.filter(({ seed }) => !known.has(seed))];
}

function withJudged(view: EvaluationView, job: Job, change: (before: Judged) => Judged): EvaluationView {
  if (job.fate === "dropped") return view;
  const key = keyOf(job.source);
  const before = view.judged[key] ?? nothingJudged(job.step);
  return { ...view, judged: { ...view.judged, [key]: change(before) } };
}

function reduceStart(view: EvaluationView, job: Job, event: EventOf<"jobStarted">): EvaluationView {
  const { total, done, judge, header } = event;
  return withJudged(view, job, (before) => {
    // Another header: other weights, as after more training.
    const kept = before.header === header ? before : nothingJudged(job.step);
    return { ...kept, step: job.step, total, done, judge, header, outcome: null };
  });
}

function reduceImages(view: EvaluationView, job: Job, event: EventOf<"imagesJudged">): EvaluationView {
  const others = Object.entries(view.judged).filter(([key]) => key !== keyOf(job.source));
  const taken = others.reduce((sum, [, { images }]) => sum + bytesOf(images), 0);
  return withJudged(view, job, (before) => {
    const merged = mergeImages(before.images, event.images);
    // What is only told again is scored without what came after it.
    if (merged.length === before.images.length) return before;
    const images = fitPixels(merged, PIXEL_BYTES - taken);
    return { ...before, images, scores: event.scores, done: Math.max(before.done, images.length) };
  });
}

/** The end of a job. One that ends badly, or that the worker stopped, takes those that wait with it. */
function reduceEnd(view: EvaluationView, job: Job, outcome: Outcome): EvaluationView {
  const ended = withJudged(view, job, (before) => ({ ...before, step: job.step, outcome }));
  const goesOn = outcome === "finished" || (outcome === "stopped" && job.fate !== "wanted");
  return { ...ended, active: null, queue: goesOn ? view.queue : [] };
}

/** The judgements after one event; pure. */
export function reduceEvaluation(view: EvaluationView, event: WorkerEvent): EvaluationView {
  const { active } = view;
  if (!active) return view;
  // The worker is gone, or comes anew: its job is over.
  if (event.type === "failed") return event.isFatal ? reduceEnd(view, active, "failed") : view;
  if (event.type === "modelReady") return reduceEnd(view, active, "failed");
  if (!("jobId" in event) || event.jobId !== active.jobId) return view;
  switch (event.type) {
    case "jobStarted":
      return reduceStart(view, active, event);
    case "imagesJudged":
      return reduceImages(view, active, event);
    case "jobEnded":
      return reduceEnd(view, active, event.outcome);
    default:
      return view;
  }
}

export type EvaluationStore = StoreApi<EvaluationView>;
export const createEvaluationStore = (): EvaluationStore =>
  createStore<EvaluationView>(() => EMPTY_EVALUATION);

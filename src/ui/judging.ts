/**
 * What a person does about judgements: pick weights and how much is judged, look up what is stored, judge, pause. Jobs
 * wait in the store and go to the worker one at a time. No React.
 */
import type { Side } from "./page.ts";
import type { Stores } from "./stores/connectStores.ts";
import type { Candidate, EvaluationView, Job, Judged, Picked } from "./stores/evaluationStore.ts";
import type { JudgingPlan } from "./stores/settingsStore.ts";
import { findWeights, keyOf, MODEL_OPTION, type WeightsOption, weightsIn } from "./weightsOptions.ts";

/** GenEval's own images are drawn from one seed; so are ours, and every state of the model gets the same. */
const SEED = 0;

/** The two states that are shown; `b` is null where there is nothing to compare with. */
export interface Contestants {
  readonly a: WeightsOption;
  readonly b: WeightsOption | null;
}

/** What the page compares with before anybody picks: the open run once it has learnt, else the newest stored one. */
function chooseOther(options: readonly WeightsOption[]): WeightsOption | null {
  return options.find(({ source, step }) => source.of === "run" && step > 0) ?? null;
}

export function chooseContestants(options: readonly WeightsOption[], picked: Picked): Contestants {
  const a = picked.a ? findWeights(options, picked.a) : (options[0] ?? MODEL_OPTION);
  if (picked.b === "none") return { a, b: null };
  const b = picked.b ? findWeights(options, picked.b) : chooseOther(options);
  return { a, b: b?.key === a.key ? null : b };
}

export const contestantsIn = (stores: Stores): Contestants =>
  chooseContestants(weightsIn(stores), stores.evaluation.getState().picked);

export const listContestants = ({ a, b }: Contestants): WeightsOption[] => (b ? [a, b] : [a]);

/**
 * What is known of weights as they are now; null where they have moved on, were never asked about, or could not tell
 * all that is stored because something else came between.
 */
export function judgedNow(
  { judged }: Pick<EvaluationView, "judged">,
  { key, step }: WeightsOption,
): Judged | null {
  const known = judged[key];
  if (known?.step !== step) return null;
  return known.outcome === "stopped" && known.images.length < known.done ? null : known;
}

const isAwaited = ({ active, queue }: EvaluationView, { source, step }: Candidate): boolean =>
  [...(active?.fate === "wanted" ? [active] : []), ...queue].some(
    (job) => keyOf(job.source) === keyOf(source) && job.step === step,
  );

function addJobs(
  view: EvaluationView,
  candidates: readonly Candidate[],
  isStoredOnly: boolean,
): EvaluationView {
  const jobs = candidates.map(({ source, step }, at): Job => {
    return { jobId: `judge-${view.asked + at + 1}`, source, step, isStoredOnly, fate: "wanted" };
  });
  return { ...view, asked: view.asked + jobs.length, queue: [...view.queue, ...jobs] };
}

/** Asks for what is stored of weights that nothing is known of, and forgets those that are not shown. */
export function lookUp({ evaluation }: Stores, shown: readonly WeightsOption[]): void {
  const view = evaluation.getState();
  const keys = shown.map(({ key }) => key);
  const judged = Object.fromEntries(Object.entries(view.judged).filter(([key]) => keys.includes(key)));
  const unknown = shown.filter((option) => judgedNow(view, option) === null && !isAwaited(view, option));
  evaluation.setState(addJobs({ ...view, judged }, unknown, true));
}

/** Whether images are being drawn, or are about to be. */
export const isJudging = ({ active, queue }: EvaluationView): boolean =>
  [active, ...queue].some((job) => job?.isStoredOnly === false && job.fate === "wanted");

export const isWhole = (judged: Judged | null): boolean =>
  judged !== null && judged.judge !== null && judged.done >= judged.total;

/** Draws and judges what is missing. */
export function judge({ evaluation }: Stores, shown: readonly WeightsOption[]): void {
  const view = evaluation.getState();
  const open = shown.filter((option) => !isWhole(judgedNow(view, option)));
  evaluation.setState(addJobs({ ...view, queue: [] }, open, false));
}

function endJobs({ stores, session }: Side, fate: "ending" | "dropped"): void {
  const { active } = stores.evaluation.getState();
  stores.evaluation.setState({ queue: [], active: active && { ...active, fate } });
  if (active) session.send({ type: "endJob", jobId: active.jobId });
}

/** Ends the job at work and forgets those that wait; what is judged stays. */
export const pauseJudging = (side: Side): void => endJobs(side, "ending");

/** Another plan: what is judged of it has to be looked up. */
export function changePlan(side: Side, changes: Partial<JudgingPlan>): void {
  const { evaluation, settings } = side.stores;
  endJobs(side, "dropped");
  settings.setState({ judging: { ...settings.getState().judging, ...changes } });
  evaluation.setState({ judged: {} });
}

/** Hands the next job over when none is at work. */
function sendNext({ stores, session }: Side): void {
  const { active, queue } = stores.evaluation.getState();
  const [next, ...rest] = queue;
  if (active || !next) return;
  stores.evaluation.setState({ active: next, queue: rest });
  const { jobId, source, isStoredOnly } = next;
  const { judging } = stores.settings.getState();
  session.send({ type: "evaluate", jobId, source, ...judging, seed: SEED, isStoredOnly });
}

const MS_PER_SECOND = 1000;

/** Measures how long an image takes in the job at work. */
function createPace(store: Stores["evaluation"]): (view: EvaluationView) => void {
  let from: { readonly jobId: string; readonly atMs: number; readonly done: number } | null = null;
  return ({ active, judged }) => {
    const known = active && !active.isStoredOnly ? judged[keyOf(active.source)] : undefined;
    // Before it has begun, what is known is of the job before.
    if (!active || !known || known.outcome !== null) return;
    if (from?.jobId !== active.jobId) {
      from = { jobId: active.jobId, atMs: performance.now(), done: known.done };
    } else if (known.done > from.done) {
      const seconds = (performance.now() - from.atMs) / MS_PER_SECOND;
      const secondsPerImage = seconds / (known.done - from.done);
      if (store.getState().secondsPerImage !== secondsPerImage) store.setState({ secondsPerImage });
    }
  };
}

/** Feeds the worker until the returned function is called. */
export function followJobs(side: Side): () => void {
  const { evaluation } = side.stores;
  const measure = createPace(evaluation);
  return evaluation.subscribe((view, before) => {
    if (view.judged !== before.judged) measure(view);
    sendNext(side);
  });
}

/**
 * Which of several shaders that compute the same is run: the one that a short timing run on this adapter found fastest for
 * the shapes at hand. Asked while a step is compiled ahead, answered before the first step, and kept for later visits.
 * What a GPU that is a program on the CPU would say is never asked: it ranks shaders the wrong way round (spec/peers.md 0).
 */
import { isCompilingOnly } from "./compilation.ts";

/** @typeParam Variant names of the shaders that compute the same */
export interface KernelQuestion<Variant extends string = string> {
  /** Op and class of shapes. */
  readonly name: string;
  /** The first is run until something is known. */
  readonly variants: readonly [Variant, ...Variant[]];
  /** A variant's text: when it changes, what was found is out of date. */
  readonly codeOf: (variant: Variant) => string;
  /** Runs a variant once on such shapes, and leaves nothing behind. */
  readonly rehearse: (variant: Variant) => void;
}

/** Answers by question. */
export type Answers = Readonly<Record<string, string>>;

/** Where answers are kept; whoever provides it keeps those of browsers and versions apart. */
export interface ChoiceStore {
  /** Empty when nothing is known of this adapter. */
  load(adapter: string): Promise<Answers>;
  save(adapter: string, answers: Answers): Promise<void>;
}

/** Milliseconds that the GPU is busy with what `run` asks of it. */
export type MeasureWork = (run: () => void) => Promise<number>;

const ROUNDS = 3;
/** A measurement is at least so long, by repetition: timestamps are rounded to 0.1 ms. */
const MIN_MS = 2;
const MAX_REPEATS = 32;
/** Another variant must beat the first by this factor, or chance would choose. */
const CLEARLY = 0.95;

/** FNV-1a, 32 bits: tells versions of a text apart. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.POSITIVE_INFINITY;
}

/** Times the variants in turn. @returns the fastest; the first unless another is clearly faster */
async function findFastest({ variants, rehearse }: KernelQuestion, measure: MeasureWork): Promise<string> {
  const runs = new Map<string, number[]>(variants.map((variant) => [variant, []]));
  // Compiled, and how often a run has to be repeated to be seen.
  let longestMs = 0;
  for (const variant of variants) {
    rehearse(variant);
    longestMs = Math.max(longestMs, await measure(() => rehearse(variant)));
  }
  const repeats = Math.min(MAX_REPEATS, Math.max(1, Math.ceil(MIN_MS / longestMs)));
  const repeat = (variant: string) => {
    for (let at = 0; at < repeats; at++) rehearse(variant);
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const variant of variants) runs.get(variant)?.push(await measure(() => repeat(variant)));
  }
  const [first] = variants;
  const time = (variant: string) => median(runs.get(variant) ?? []);
  const best = variants.reduce((a, b) => (time(b) < time(a) ? b : a), first);
  return time(best) < CLEARLY * time(first) ? best : first;
}

export class KernelChoices {
  readonly #isFixed: boolean;
  readonly #answers = new Map<string, string>();
  readonly #open = new Map<string, KernelQuestion>();

  /** @param isFixed the first variants are run, whatever anything costs */
  constructor(isFixed: boolean) {
    this.#isFixed = isFixed;
  }

  /** The variant to run. A question without an answer is noted while a step is compiled ahead. */
  pick<Variant extends string>(question: KernelQuestion<Variant>): Variant {
    const [first] = question.variants;
    if (this.#isFixed) return first;
    const answer = this.#answers.get(question.name);
    if (answer !== undefined) return answer as Variant;
    if (isCompilingOnly()) this.#open.set(question.name, question as unknown as KernelQuestion);
    return first;
  }

  /** Answers the questions that are noted, from the store or by timing; what was timed is stored. */
  async settle(adapter: string, store: ChoiceStore, measure: MeasureWork): Promise<void> {
    const questions = [...this.#open.values()];
    this.#open.clear();
    if (questions.length === 0) return;
    const known = await store.load(adapter);
    const found: Record<string, string> = {};
    for (const question of questions) {
      const key = `${question.name}#${fingerprint(question.variants.map(question.codeOf).join("\n"))}`;
      const kept = known[key];
      const isKept = kept !== undefined && question.variants.includes(kept);
      const answer = isKept ? kept : await findFastest(question, measure);
      if (!isKept) found[key] = answer;
      this.#answers.set(question.name, answer);
    }
    if (Object.keys(found).length > 0) await store.save(adapter, { ...known, ...found });
  }
}

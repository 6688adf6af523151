/**
 * What the arena shows: pairs of pictures of one prompt and seed, recorded and drawn here; the job that draws one; and
 * how they are looked at. Who won what is in `votesStore.ts`.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { WeightsSource } from "../../protocol/commands.ts";
import type { EventOf, WireImage, WorkerEvent } from "../../protocol/events.ts";
import type { Source } from "./pageStore.ts";

/** Whoever drew one picture of a pair. */
export interface Contender {
  /** The same for the same weights. */
  readonly key: string;
  readonly name: string;
  /** Finished steps behind the weights. */
  readonly step: number;
}

export interface Picture {
  readonly image: WireImage;
  /** Null where nothing was asked. */
  readonly question: string | null;
  readonly answer: string | null;
  /** Of the whole answer, 0 to 1. */
  readonly probability: number | null;
}

/** Two of something: the first chosen (or earlier) state of the model and the second, in this order. */
export type Both<T> = readonly [first: T, second: T];
/** Where a picture stands on the screen. */
export type Place = "left" | "right";
export const PLACES: readonly Place[] = ["left", "right"];

export interface Pair {
  readonly id: string;
  readonly origin: Source;
  /** What it belongs to: the lesson recorded, or the model at work. */
  readonly title: string;
  readonly prompt: string;
  readonly seed: string;
  readonly contenders: Both<Contender>;
  /** Null until drawn. */
  readonly pictures: Both<Picture | null>;
  /** Whether the second one stands on the left. */
  readonly isSwapped: boolean;
}

/** Side by side; one over the other with a border to move; one in the other's place, in turns. */
export const LOOKS = ["side", "swipe", "blink"] as const;
export type Look = (typeof LOOKS)[number];

/** What decides a picture, beside the weights. */
export interface Drawing {
  readonly prompt: string;
  readonly seed: string;
}

/** What is asked of the worker next. */
export interface Ask extends Drawing {
  readonly isSeedKept: boolean;
  readonly sources: Both<WeightsSource | null>;
}

export interface ArenaView {
  readonly pairs: Readonly<Record<Source, readonly Pair[]>>;
  /** There are recordings whose pairs were not read yet. */
  readonly isMoreRecorded: boolean;
  /** Ids of the pairs looked at. */
  readonly shown: Readonly<Record<Source, string | null>>;
  /** A drawing that a link asks to see, until it is found among the recorded ones or drawn here. */
  readonly wanted: Drawing | null;
  /** Pairs whose names somebody has seen: a vote on them is not blind any more. */
  readonly named: readonly string[];
  readonly ask: Ask;
  /** The live pair being drawn; its id is the job's. */
  readonly job: { readonly id: string; readonly isStopping: boolean } | null;
  /** How the last job ended, where it left a pair unfinished. */
  readonly ending: "stopped" | "failed" | null;
  readonly isBlind: boolean;
  readonly look: Look;
}

/** Pairs of a visit beyond these are forgotten, the oldest first. */
const MOST_PAIRS = 60;

const EMPTY_ARENA: ArenaView = {
  pairs: { recorded: [], live: [] },
  isMoreRecorded: true,
  shown: { recorded: null, live: null },
  wanted: null,
  named: [],
  ask: { prompt: "", seed: "0", isSeedKept: false, sources: [null, null] },
  job: null,
  ending: null,
  isBlind: true,
  look: "side",
};

/** Place of a contender: 0 the first, 1 the second. */
export const contenderAt = ({ isSwapped }: Pick<Pair, "isSwapped">, place: Place): 0 | 1 =>
  (place === "left") === isSwapped ? 1 : 0;

export const isComplete = ({ pictures }: Pair): boolean => pictures.every((picture) => picture !== null);

export function shownPair({ pairs, shown }: ArenaView, source: Source): Pair | null {
  return pairs[source].find(({ id }) => id === shown[source]) ?? null;
}

/** Whether the names of a pair are hidden; a vote shows them. */
export const isHidden = ({ isBlind, named }: ArenaView, { id }: Pair, isVoted: boolean): boolean =>
  isBlind && !isVoted && !named.includes(id);

/** Adds pairs at the end; one that is known stays as it is. */
export function addPairs(arena: ArenaView, source: Source, added: readonly Pair[]): ArenaView {
  const known = arena.pairs[source];
  const fresh = added.filter(({ id }) => !known.some((pair) => pair.id === id));
  return { ...arena, pairs: { ...arena.pairs, [source]: [...known, ...fresh].slice(-MOST_PAIRS) } };
}

/** Begins to draw a live pair; what was left unfinished before goes. */
export function startPair(arena: ArenaView, pair: Pair): ArenaView {
  const pairs = { ...arena.pairs, live: arena.pairs.live.filter(isComplete) };
  const begun = { ...arena, pairs, ending: null, job: { id: pair.id, isStopping: false } };
  return showPair(addPairs(begun, "live", [pair]), "live", pair.id);
}

/** Asks for a drawing from elsewhere: its prompt and seed are what is drawn next. */
export const want = (arena: ArenaView, { prompt, seed }: Drawing): ArenaView => ({
  ...arena,
  wanted: { prompt, seed },
  ask: { ...arena.ask, prompt, seed, isSeedKept: true },
});

export function showPair(arena: ArenaView, source: Source, id: string): ArenaView {
  const shown = { ...arena, shown: { ...arena.shown, [source]: id } };
  return arena.isBlind ? shown : nameShown(shown);
}

/** Remembers that the names of what is shown were seen. */
export function nameShown(arena: ArenaView): ArenaView {
  const seen = Object.values(arena.shown).filter((id) => id !== null);
  return { ...arena, named: [...new Set([...arena.named, ...seen])] };
}

export function setBlind(arena: ArenaView, isBlind: boolean): ArenaView {
  return isBlind ? { ...arena, isBlind } : nameShown({ ...arena, isBlind });
}

function put<T>([first, second]: Both<T>, at: 0 | 1, value: T): Both<T> {
  return at === 0 ? [value, second] : [first, value];
}

/** A picture has arrived; now it is known how many steps are behind it. */
function addPicture(pair: Pair, event: EventOf<"sampleDrawn">): Pair {
  const { step, image, question, answer, probability } = event;
  const at = contenderAt(pair, event.source === 0 ? "left" : "right");
  const { key, name } = pair.contenders[at];
  return {
    ...pair,
    contenders: put(pair.contenders, at, { key: `${key}@${step}`, name, step }),
    pictures: put(pair.pictures, at, { image, question, answer, probability }),
  };
}

function endJob(arena: ArenaView, outcome: EventOf<"jobEnded">["outcome"]): ArenaView {
  const isUnfinished = arena.pairs.live.some((pair) => pair.id === arena.job?.id && !isComplete(pair));
  return { ...arena, job: null, ending: outcome === "finished" || !isUnfinished ? null : outcome };
}

/** The arena after one event; pure. */
export function reduceArena(arena: ArenaView, event: WorkerEvent): ArenaView {
  const { job } = arena;
  if (!job) return arena;
  switch (event.type) {
    case "sampleDrawn": {
      if (event.jobId !== job.id) return arena;
      const live = arena.pairs.live.map((pair) => (pair.id === job.id ? addPicture(pair, event) : pair));
      return { ...arena, pairs: { ...arena.pairs, live } };
    }
    case "jobEnded":
      return event.jobId === job.id ? endJob(arena, event.outcome) : arena;
    case "failed":
      // A worker that is gone says no more.
      return event.isFatal ? endJob(arena, "failed") : arena;
    default:
      return arena;
  }
}

export type ArenaStore = StoreApi<ArenaView>;
export const createArenaStore = (): ArenaStore => createStore<ArenaView>(() => EMPTY_ARENA);

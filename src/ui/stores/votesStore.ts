/** Which picture of each pair was better, kept in the browser. */
import * as z from "zod/mini";
import { createStore, type StoreApi } from "zustand/vanilla";
import { type ArenaView, type Both, type Contender, isHidden, nameShown, type Pair } from "./arenaStore.ts";
import type { Memory } from "./settingsStore.ts";

export const CHOICES = ["first", "second", "tie", "bothBad"] as const;
export type Choice = (typeof CHOICES)[number];

const contenderSchema = z.object({ key: z.string(), name: z.string(), step: z.number() });
const voteSchema = z.object({
  pairId: z.string(),
  atMs: z.number(),
  origin: z.enum(["recorded", "live"]),
  title: z.string(),
  prompt: z.string(),
  seed: z.string(),
  /** Whether the names were hidden until then. */
  isBlind: z.boolean(),
  contenders: z.tuple([contenderSchema, contenderSchema]),
  /** Whether the second contender stood on the left. */
  isSwapped: z.boolean(),
  choice: z.enum(CHOICES),
});

export interface Vote {
  readonly pairId: string;
  readonly atMs: number;
  readonly origin: Pair["origin"];
  readonly title: string;
  readonly prompt: string;
  readonly seed: string;
  readonly isBlind: boolean;
  readonly contenders: Both<Contender>;
  readonly isSwapped: boolean;
  readonly choice: Choice;
}

export interface VotesView {
  /** Oldest first. */
  readonly votes: readonly Vote[];
}

const MEMORY_KEY = "unirl.votes";
/** Beyond these the oldest are forgotten: browsers keep a few megabytes. */
const MOST_VOTES = 2000;

function recall(memory: Memory | null): readonly Vote[] {
  try {
    const known: unknown = JSON.parse(memory?.getItem(MEMORY_KEY) ?? "[]");
    if (!Array.isArray(known)) return [];
    return known.flatMap((vote) => voteSchema.safeParse(vote).data ?? []);
  } catch {
    // Unreadable or forbidden memory (private window): nothing is known.
    return [];
  }
}

function remember(memory: Memory | null, { votes }: VotesView): void {
  try {
    memory?.setItem(MEMORY_KEY, JSON.stringify(votes));
  } catch {
    // Storage is full or forbidden: the votes hold until the page closes.
  }
}

export type VotesStore = StoreApi<VotesView>;

export function createVotesStore(memory: Memory | null): VotesStore {
  const store = createStore<VotesView>(() => ({ votes: recall(memory) }));
  store.subscribe((view) => remember(memory, view));
  return store;
}

export const voteOn = (votes: readonly Vote[], { id }: Pick<Pair, "id">): Vote | null =>
  votes.find(({ pairId }) => pairId === id) ?? null;

/** Votes with one more; the first vote on a pair stands until it is taken back. */
export function castVote(
  votes: readonly Vote[],
  arena: ArenaView,
  pair: Pair,
  choice: Choice,
  atMs: number,
): readonly Vote[] {
  if (voteOn(votes, pair)) return votes;
  const { id, origin, title, prompt, seed, contenders, isSwapped } = pair;
  const isBlind = isHidden(arena, pair, false);
  const vote = { pairId: id, atMs, origin, title, prompt, seed, isBlind, contenders, isSwapped, choice };
  return [...votes, vote].slice(-MOST_VOTES);
}

/** Removes the vote on the pair shown; its names have been seen by now. */
export function takeBack(votes: readonly Vote[], arena: ArenaView, pair: Pair) {
  return { votes: votes.filter(({ pairId }) => pairId !== pair.id), arena: nameShown(arena) };
}

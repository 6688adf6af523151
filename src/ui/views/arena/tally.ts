/** Counts votes: how often the second of two states was better than the first, and how sure that is. Pure. */
import { type Estimate, estimateShare } from "../../../engine/eval/interval.ts";
import type { Both, Contender } from "../../stores/arenaStore.ts";
import type { Choice, Vote } from "../../stores/votesStore.ts";

export interface Tally {
  /** The order votes are counted in: `share` is the second one's. */
  readonly contenders: Both<Contender>;
  readonly title: string;
  readonly total: number;
  readonly blind: number;
  readonly ties: number;
  readonly bothBad: number;
  /** Of the votes for one or the other; with Wilson's 95 % interval. */
  readonly share: Estimate;
}

const MIRRORED: Readonly<Record<Choice, Choice>> = {
  first: "second",
  second: "first",
  tie: "tie",
  bothBad: "bothBad",
};

/** A vote as if the two had been chosen in the other order. */
function mirror(vote: Vote): Vote {
  const [first, second] = vote.contenders;
  return { ...vote, contenders: [second, first], choice: MIRRORED[vote.choice] };
}

/** Counts votes of which all have the same contenders in the same order. Null without votes. */
export function tallyVotes(votes: readonly Vote[]): Tally | null {
  const newest = votes.at(-1);
  if (!newest) return null;
  const count = (choice: Choice) => votes.filter((vote) => vote.choice === choice).length;
  const [losses, wins] = [count("first"), count("second")];
  return {
    contenders: newest.contenders,
    title: newest.title,
    total: votes.length,
    blind: votes.filter(({ isBlind }) => isBlind).length,
    ties: count("tie"),
    bothBad: count("bothBad"),
    share: estimateShare(wins, wins + losses),
  };
}

/** The votes on one meeting, all in the order of its contenders. */
export function votesBetween(votes: readonly Vote[], [first, second]: Both<Contender>): Vote[] {
  return votes.flatMap((vote) => {
    const [one, other] = vote.contenders;
    if (one.key === first.key && other.key === second.key) return [vote];
    return one.key === second.key && other.key === first.key ? [mirror(vote)] : [];
  });
}

/** One tally a meeting, the one voted on last first. */
export function listTallies(votes: readonly Vote[]): Tally[] {
  const meetings = new Map<string, Both<Contender>>();
  for (const { contenders } of votes.toReversed()) {
    const key = contenders
      .map((contender) => contender.key)
      .sort()
      .join(" ");
    if (!meetings.has(key)) meetings.set(key, contenders);
  }
  return [...meetings.values()].flatMap((contenders) => tallyVotes(votesBetween(votes, contenders)) ?? []);
}

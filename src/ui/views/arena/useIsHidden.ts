import { isHidden, type Pair } from "../../stores/arenaStore.ts";
import { voteOn } from "../../stores/votesStore.ts";
import { useArena, useVotes } from "../../usePlayground.ts";

/** Whether the names of the pair shown are hidden. */
export function useIsHidden(pair: Pair | null): boolean {
  const isVoted = useVotes(({ votes }) => pair !== null && voteOn(votes, pair) !== null);
  return useArena((arena) => pair !== null && isHidden(arena, pair, isVoted));
}

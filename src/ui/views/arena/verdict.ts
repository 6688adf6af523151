import type { Verdict } from "../../arena/arena.ts";
import { contenderAt } from "../../stores/arenaStore.ts";
import type { Vote } from "../../stores/votesStore.ts";

/** A vote in the words of whoever cast it: by side, as the pictures stood. */
export function verdictOf(vote: Vote): Verdict {
  const { choice } = vote;
  if (choice === "tie" || choice === "bothBad") return choice;
  return contenderAt(vote, "left") === (choice === "first" ? 0 : 1) ? "left" : "right";
}

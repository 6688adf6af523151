import { csvLine } from "../../../formats/csv.ts";
import { contenderAt } from "../../stores/arenaStore.ts";
import type { Vote } from "../../stores/votesStore.ts";
import { verdictOf } from "./verdict.ts";

const COLUMNS = [
  "time",
  "origin",
  "title",
  "prompt",
  "seed",
  "blind",
  "left",
  "left step",
  "right",
  "right step",
  "vote",
  "better",
] as const;

function writeVote(vote: Vote): string {
  const { atMs, origin, title, prompt, seed, isBlind, contenders, choice } = vote;
  const [left, right] = [contenders[contenderAt(vote, "left")], contenders[contenderAt(vote, "right")]];
  const better = choice === "first" ? contenders[0] : choice === "second" ? contenders[1] : null;

  return csvLine([
    new Date(atMs).toISOString(),
    origin,
    title,
    prompt,
    seed,
    isBlind ? "yes" : "no",
    left.name,
    left.step,
    right.name,
    right.step,
    verdictOf(vote),
    better?.name ?? "",
  ]);
}

/** A CSV file: one line a vote, the pictures as they stood on the screen. */
export const writeVotesCsv = (votes: readonly Vote[]): string =>
  [csvLine(COLUMNS), ...votes.map(writeVote)].join("");

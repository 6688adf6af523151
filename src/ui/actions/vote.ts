import { openPair, type Verdict, vote } from "../arena/arena.ts";
import { VOTE_WORDS } from "../text/arena.ts";
import type { Action } from "./action.ts";

const KEYS: Readonly<Record<Verdict, string>> = {
  left: "ArrowLeft",
  bothBad: "ArrowDown",
  tie: "ArrowUp",
  right: "ArrowRight",
};

const voteFor = (verdict: Verdict): Action => ({
  id: `vote.${verdict}`,
  label: () => VOTE_WORDS[verdict].label,
  help: VOTE_WORDS[verdict].help,
  keys: [KEYS[verdict]],
  view: "arena",
  isEnabled: (context) => openPair(context) !== null,
  run: (context) => vote(context, verdict),
});

/** One action an arrow, in the order of the buttons. */
export const votes: readonly Action[] = (["left", "bothBad", "tie", "right"] as const).map(voteFor);

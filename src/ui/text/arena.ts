/** The arena's words. */

import type { Verdict } from "../arena/arena.ts";
import type { Hindrance } from "../arena/contest.ts";
import type { Contender, Look, Place } from "../stores/arenaStore.ts";
import { formatShare } from "./numbers.ts";

/** The two pictures as they stand on the screen. */
export const LETTERS: Readonly<Record<Place, string>> = { left: "A", right: "B" };

export const VOTE_WORDS: Readonly<Record<Verdict, { label: string; help: string }>> = {
  left: { label: "A better", help: "In the arena: the left picture is better." },
  bothBad: { label: "Both bad", help: "In the arena: neither picture is any good." },
  tie: { label: "Tie", help: "In the arena: both pictures are as good." },
  right: { label: "B better", help: "In the arena: the right picture is better." },
};

export const LOOK_WORDS: Readonly<Record<Look, string>> = {
  side: "Side by side",
  swipe: "Swipe",
  blink: "Blink",
};

export const HINDRANCE_WORDS: Readonly<Record<Hindrance, string>> = {
  noModel: "",
  failed: "Something failed: see above for the way on.",
  drawing: "",
  noPrompt: "Say what to draw.",
  sameWeights: "Choose two different ones: the same weights draw the same picture.",
};

export const ARENA_WORDS = {
  look: "How to look",
  blind: "Blind",
  blindHelp: "Sides by chance, names only after the vote.",
  pair: "The pair",
  which: "Which is better",
  recorded: "recorded",
  fromLesson: (lesson: string) => `recorded · ${lesson}`,
  seedOf: (seed: string) => `seed ${seed}`,
  loading: "Fetching recorded pairs…",
  unreadable: "The recorded pairs could not be fetched. Check the connection, or draw pairs live.",
  next: "Next pair",
  draw: "Generate both",
  stop: "Stop",
  stopping: "Stopping…",
  nextHelp: "In the arena: the next recorded pair, or draw a new one.",
  tryLive: "Draw this live",
  undo: "Take back",
  first: "Compare",
  second: "with",
  prompt: "Prompt",
  promptHint: "a photo of two red apples",
  seed: "Seed",
  roll: "Another seed",
  keepSeed: "keep",
  keepSeedHelp: "Draw with this seed every time.",
  setup: "What meets",
  pauses: "Training is running. It pauses while these are drawn.",
  endsJudging: "GenEval is being drawn. It stops for this, and goes on from there when you run it again.",
  needsModel: "Pairs are drawn here, in this browser, once the model is loaded.",
  empty: "Two states of the model draw the same prompt from the same seed. Which is better?",
  waiting: "not drawn yet",
  drawing: "drawing…",
  notDrawn: "not drawn",
  noQuestion: "not asked",
  noAnswer: "no answer",
  swipe: "Border between A and B",
  swiped: (percent: number) => `${percent} % A, ${100 - percent} % B`,
  swap: "Show the other",
  blink: "Blink",
  hold: "Hold still",
  votes: "Votes",
  noVotes: "No votes yet.",
  noRate: "Say which is better, and the interval narrows.",
  export: "Save as CSV",
  clear: "Clear",
  clearAsk: (count: number) => `Forget ${count === 1 ? "the vote" : `all ${count} votes`}?`,
  clearYes: "Forget",
  clearNo: "Keep",
  kept: "Kept in this browser only.",
  meetings: "All meetings",
  wins: (second: string, first: string) => `“${second}” beats “${first}”`,
  against: (second: string, first: string) => `${second}, against ${first}`,
  interval: (low: number, high: number) =>
    `${Math.round(low * 100)}–${Math.round(high * 100)} % with 95 % confidence`,
  history: "Earlier pairs",
  historyEmpty: "Pairs you have voted on collect here.",
  lookAgain: (prompt: string, verdict: string) => `Look again at “${prompt}”: ${verdict}`,
  differences: "What differs",
  afterVote: "Shown after your vote.",
  lessonAfter: (lesson: string, step: number) => `${lesson}, step ${step}`,
  asks: (question: string) => `Asked about each: “${question}”`,
} as const;

export const STAGE_WORDS = {
  which: "Same prompt, same seed. Which picture is better?",
  whichBlind: "Same prompt, same seed. Which picture is better? Names come after your vote.",
  drawing: (letter: string) => `Drawing ${letter}…`,
  ending: "One moment…",
  stopped: "Stopped. A vote needs both pictures.",
  failed: "It could not be drawn.",
  last: "That was the last recorded pair: draw new ones live.",
} as const;

export const DIFFERENCE_WORDS = {
  sameSettings: "Both were trained with the same settings.",
  between: (first: string, second: string) => `Settings of “${first}” → those of “${second}”.`,
  untrained: "Neither has been trained here.",
  usual: (name: string) => `“${name}” was trained with the usual settings; the other not at all.`,
  unusual: (name: string) => `The usual settings → those of “${name}”. The other was not trained.`,
} as const;

/** How a pair was judged, short. */
export function describeOutcome(verdict: Verdict | null): string {
  return verdict === null ? "no vote yet" : VOTE_WORDS[verdict].label;
}

const VOTED: Readonly<Record<Verdict, string>> = {
  left: "You chose A.",
  bothBad: "Both bad.",
  tie: "A tie.",
  right: "You chose B.",
};

/** "You chose A. A: after training, step 10. B: before training." */
export const describeVote = (verdict: Verdict, left: string, right: string): string =>
  `${VOTED[verdict]} A: ${left}. B: ${right}.`;

/** "12 votes, 9 of them blind; 2 ties, 1 both bad" */
export function describeTally(tally: {
  total: number;
  blind: number;
  ties: number;
  bothBad: number;
}): string {
  const { total, blind, ties, bothBad } = tally;
  const undecided = [
    ...(ties > 0 ? [ties === 1 ? "1 tie" : `${ties} ties`] : []),
    ...(bothBad > 0 ? [`${bothBad} both bad`] : []),
  ];
  const left = undecided.length > 0 ? `; ${undecided.join(", ")}, left out of the rate` : "";
  return `${formatVotes(total, blind)}${left}`;
}

/** "The model as it came", "robust, 26 Nov, 12:04, step 20" */
export const nameOf = ({ name, step }: Contender): string => (step === 0 ? name : `${name}, step ${step}`);

/** What a recording's contenders are called. */
export const RECORDED_NAMES = { before: "before training", after: "after training" } as const;

export function altOf(place: Place, prompt: string, contender: Contender | null): string {
  const letter = LETTERS[place];
  return contender
    ? `“${prompt}” drawn ${byWhom(contender)} (${letter})`
    : `Picture ${letter} for “${prompt}”`;
}

/** "before training", "by robust, 26 Nov, 12:04, step 20" */
function byWhom(contender: Contender): string {
  const isMoment = Object.values(RECORDED_NAMES).some((name) => name === contender.name);
  return isMoment ? nameOf(contender) : `by ${nameOf(contender)}`;
}

/** "67 % (39–86 %)" */
export function formatInterval({ mean, low, high }: { mean: number; low: number; high: number }): string {
  const ends = [low, high].map((share) => Math.round(share * 100));
  return `${formatShare(mean)} (${ends.join("–")} %)`;
}

/** "12 votes", "12 votes, 9 of them blind" */
export function formatVotes(total: number, blind: number): string {
  const count = total === 1 ? "1 vote" : `${total} votes`;
  if (blind === total) return total === 1 ? "1 blind vote" : `${total} blind votes`;
  return `${count}, ${blind} of them blind`;
}

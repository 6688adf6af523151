/** What a person does in the arena: has a pair drawn, ends that, says which is better, goes to the next pair. */
import type { ActionContext } from "../actions/action.ts";
import {
  contenderAt,
  isComplete,
  type Pair,
  type Place,
  setBlind,
  shownPair,
  startPair,
  want,
} from "../stores/arenaStore.ts";
import { type Choice, castVote, takeBack, voteOn } from "../stores/votesStore.ts";
import { chosenWeights, hindranceOf, lastingName, weightsOf } from "./contest.ts";
import { flipCoin, rollSeed } from "./dice.ts";

/** What can be said of two pictures as they stand on the screen. */
export type Verdict = Place | "tie" | "bothBad";

/** The pair on the screen when it can still be voted on. */
export function openPair({ stores, source }: Pick<ActionContext, "stores" | "source">): Pair | null {
  const pair = shownPair(stores.arena.getState(), source);
  return pair && isComplete(pair) && !voteOn(stores.votes.getState().votes, pair) ? pair : null;
}

export const choiceOf = (pair: Pair, verdict: Verdict): Choice => {
  if (verdict === "tie" || verdict === "bothBad") return verdict;
  return contenderAt(pair, verdict) === 0 ? "first" : "second";
};

export function vote(context: ActionContext, verdict: Verdict): void {
  const { arena, votes } = context.stores;
  const pair = openPair(context);
  if (!pair) return;
  const choice = choiceOf(pair, verdict);
  votes.setState((view) => ({ votes: castVote(view.votes, arena.getState(), pair, choice, Date.now()) }));
}

/** Removes the vote on the pair shown. */
export function undoVote({ stores, source }: ActionContext): void {
  const { arena, votes } = stores;
  const pair = shownPair(arena.getState(), source);
  if (!pair) return;
  const after = takeBack(votes.getState().votes, arena.getState(), pair);
  arena.setState(after.arena);
  votes.setState({ votes: after.votes });
}

export const chooseBlind = ({ stores }: Pick<ActionContext, "stores">, isBlind: boolean): void =>
  stores.arena.setState((arena) => setBlind(arena, isBlind));

/** The first recorded pair after the one shown, and around, that has no vote; null when all have. */
export function nextRecorded({ stores }: Pick<ActionContext, "stores">): Pair | null {
  const arena = stores.arena.getState();
  const { votes } = stores.votes.getState();
  const { recorded } = arena.pairs;
  const at = recorded.findIndex(({ id }) => id === arena.shown.recorded);
  const around = [...recorded.slice(at + 1), ...recorded.slice(0, at + 1)];
  return around.find((pair) => pair.id !== arena.shown.recorded && !voteOn(votes, pair)) ?? null;
}

/** What stands in the way of drawing a pair now, as the stores know it. */
export function hindrance({ page }: Pick<ActionContext, "page">) {
  const { arena, run, runs } = page.live.stores;
  const asked = arena.getState();
  const weights = chosenWeights(weightsOf(run.getState(), runs.getState()), asked.ask);
  return hindranceOf(asked, run.getState(), weights);
}

/** Has both chosen states draw the prompt from the seed. The left picture comes first, whoever draws it. */
export function drawPair(context: Pick<ActionContext, "page">): void {
  if (hindrance(context) !== null) return;
  const { stores, session } = context.page.live;
  const arena = stores.arena.getState();
  const runs = stores.runs.getState();
  const weights = chosenWeights(weightsOf(stores.run.getState(), runs), arena.ask);
  const [first, second] = weights;
  const { isSeedKept } = arena.ask;
  const prompt = arena.ask.prompt.trim();
  const hasDrawnIt = arena.pairs.live.some((pair) => pair.prompt === prompt && pair.seed === arena.ask.seed);
  // Again and again the same button draws new pairs; what a link or the dice chose is drawn first.
  const seed = hasDrawnIt && !isSeedKept ? rollSeed() : arena.ask.seed;
  const modelId = stores.run.getState().model?.modelId ?? "";
  const isSwapped = arena.isBlind && flipCoin();
  const contender = (option: typeof first) => ({
    key: `${modelId}/${option.key}`,
    name: lastingName(option, runs),
    step: 0,
  });
  const pair: Pair = {
    id: crypto.randomUUID(),
    origin: "live",
    title: modelId,
    prompt,
    seed,
    contenders: [contender(first), contender(second)],
    pictures: [null, null],
    isSwapped,
  };
  stores.arena.setState(startPair({ ...arena, ask: { ...arena.ask, seed } }, pair));
  const sources = isSwapped ? [second.source, first.source] : [first.source, second.source];
  session.send({ type: "drawSamples", jobId: pair.id, sources, prompt, question: null, seed });
}

/** Takes a recorded pair's prompt and seed to the live side. */
export function tryLive({ page, stores }: ActionContext, { prompt, seed }: Pair): void {
  stores.arena.setState((arena) => ({ ...want(arena, { prompt, seed }), wanted: null }));
  void page.show("live");
}

/** Ends the drawing; a picture that is finished stays. */
export function stopDrawing({ page }: Pick<ActionContext, "page">): void {
  const { stores, session } = page.live;
  const { job } = stores.arena.getState();
  if (!job) return;
  stores.arena.setState({ job: { ...job, isStopping: true } });
  session.send({ type: "endJob", jobId: job.id });
}

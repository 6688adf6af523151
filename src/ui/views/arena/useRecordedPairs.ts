import { useEffect, useState } from "react";
import { flipCoin } from "../../arena/dice.ts";
import { LESSONS, type Lesson } from "../../lessons/lessons.ts";
import { addPairs, showPair } from "../../stores/arenaStore.ts";
import { voteOn } from "../../stores/votesStore.ts";
import { useArena, usePage, usePlayground, useVotes } from "../../usePlayground.ts";
import { readPairs } from "./recordedPairs.ts";

/** So many pairs without a vote are fetched ahead. */
const AHEAD = 3;

/** Shows the pair that a link asks for; or, when no recording has it, the live side, where it can be drawn. */
function useWanted(isAllRead: boolean): boolean {
  const { page, stores } = usePlayground();
  const wanted = useArena((arena) => arena.wanted);
  const recorded = useArena((arena) => arena.pairs.recorded);
  useEffect(() => {
    if (!wanted) return;
    const found = recorded.find(({ prompt, seed }) => prompt === wanted.prompt && seed === wanted.seed);
    if (!found && !isAllRead) return;
    stores.arena.setState((arena) => {
      const settled = { ...arena, wanted: null };
      return found ? showPair(settled, "recorded", found.id) : settled;
    });
    if (!found) void page.show("live");
  }, [wanted, recorded, isAllRead, page, stores]);
  return wanted !== null;
}

/** Begins with the first pair that has no vote, as soon as it is here. */
function useFirst(isAllRead: boolean): void {
  const { stores } = usePlayground();
  const isNoneShown = useArena((arena) => arena.shown.recorded === null);
  const recorded = useArena((arena) => arena.pairs.recorded);
  const votes = useVotes((view) => view.votes);
  const open = recorded.find((pair) => !voteOn(votes, pair)) ?? (isAllRead ? recorded[0] : undefined);
  const id = isNoneShown ? open?.id : undefined;
  useEffect(() => {
    if (id !== undefined) stores.arena.setState((arena) => showPair(arena, "recorded", id));
  }, [id, stores]);
}

export type Fetching = "loading" | "rest" | "unreadable";

/** Fetches the recordings one by one, the lesson's own first, as long as pairs are wanted. */
export function useRecordedPairs(): Fetching {
  const { page, stores } = usePlayground();
  const lesson = usePage((shown) => shown.lesson);
  const recorded = useArena((arena) => arena.pairs.recorded);
  const votes = useVotes((view) => view.votes);
  const [read, setRead] = useState<readonly Lesson[]>([]);
  const isRead = (candidate: Lesson) =>
    read.includes(candidate) || recorded.some(({ title }) => title === candidate.title);
  const next = [lesson, ...LESSONS].find((candidate) => !isRead(candidate)) ?? null;
  const isMoreRecorded = next !== null;
  useEffect(() => stores.arena.setState({ isMoreRecorded }), [isMoreRecorded, stores]);
  const isWanted = useWanted(next === null);
  useFirst(next === null);
  const isMoreNeeded = isWanted || recorded.filter((pair) => !voteOn(votes, pair)).length < AHEAD;
  const wantedLesson = isMoreNeeded ? next : null;
  useEffect(() => {
    if (!wantedLesson) return;
    let isGone = false;
    const load = async () => readPairs(await page.readRecording(wantedLesson), wantedLesson, flipCoin);
    load()
      .then((pairs) => {
        if (!isGone) stores.arena.setState((arena) => addPairs(arena, "recorded", pairs));
      })
      // One that does not come is left out; when none comes, the view says so.
      .catch(() => undefined)
      .finally(() => {
        if (!isGone) setRead((before) => [...before, wantedLesson]);
      });
    return () => {
      isGone = true;
    };
  }, [wantedLesson, page, stores]);
  if (recorded.length > 0) return "rest";
  return next === null ? "unreadable" : "loading";
}

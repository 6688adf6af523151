import { describe, expect, it } from "vitest";
import type { Both, Contender } from "../../stores/arenaStore.ts";
import type { Choice, Vote } from "../../stores/votesStore.ts";
import { listTallies, tallyVotes, votesBetween } from "./tally.ts";
import { writeVotesCsv } from "./votesCsv.ts";

const BASE: Contender = { key: "nano/model@0", name: "The model as it came", step: 0 };
const RUN: Contender = { key: "nano/run:a@12", name: "robust", step: 12 };
const OTHER: Contender = { key: "nano/run:b@30", name: 'mine, "best"', step: 30 };

function vote(choice: Choice, contenders: Both<Contender> = [BASE, RUN], change: Partial<Vote> = {}): Vote {
  return {
    pairId: `${contenders[1].key}/${choice}`,
    atMs: Date.parse("2026-11-26T10:00:00Z"),
    origin: "live",
    title: "nano",
    prompt: "a red cup, a blue ball",
    seed: "77",
    isBlind: true,
    isSwapped: false,
    contenders,
    choice,
    ...change,
  };
}

describe("tallyVotes", () => {
  it("counts wins of the second, and leaves ties and bad pairs out of the rate", () => {
    const votes = [vote("second"), vote("second"), vote("first"), vote("tie"), vote("bothBad")];
    const tally = tallyVotes([...votes, vote("second", [BASE, RUN], { isBlind: false })]);
    expect(tally).toMatchObject({ total: 6, blind: 5, ties: 1, bothBad: 1 });
    // Wilson, 3 of 4: centre (0.75 + 0.4802) / 1.9604, half-width 0.3490.
    expect(tally?.share).toMatchObject({ mean: 0.75, count: 4 });
    expect(tally?.share.low).toBeCloseTo(0.3006, 3);
    expect(tally?.share.high).toBeCloseTo(0.9544, 3);
  });

  it("says nothing without votes, and everything is possible without decided ones", () => {
    expect(tallyVotes([])).toBeNull();
    expect(tallyVotes([vote("tie")])?.share).toMatchObject({ low: 0, high: 1, count: 0 });
  });
});

describe("votesBetween", () => {
  it("turns votes round that were cast in the other order", () => {
    const votes = [vote("second"), vote("first", [RUN, BASE]), vote("second", [BASE, OTHER])];
    const between = votesBetween(votes, [BASE, RUN]);
    expect(between.map(({ choice }) => choice)).toEqual(["second", "second"]);
    expect(tallyVotes(between)?.share.mean).toBe(1);
    expect(tallyVotes(votesBetween(votes, [RUN, BASE]))?.share.mean).toBe(0);
  });

  it("keeps steps of one run apart", () => {
    const later = { ...RUN, key: "nano/run:a@20", step: 20 };
    expect(votesBetween([vote("second")], [BASE, later])).toEqual([]);
  });
});

it("lists each meeting once, the last one voted on first", () => {
  const votes = [vote("second"), vote("tie", [BASE, OTHER]), vote("first", [RUN, BASE])];
  const tallies = listTallies(votes);
  expect(tallies.map(({ contenders, total }) => [contenders[1].name, total])).toEqual([
    ["The model as it came", 2],
    ['mine, "best"', 1],
  ]);
});

it("writes votes as they stood on the screen", () => {
  const csv = writeVotesCsv([
    vote("second", [BASE, RUN], { isSwapped: true }),
    vote("bothBad", [BASE, OTHER], { isBlind: false }),
  ]);
  expect(csv.split("\r\n")).toEqual([
    "time,origin,title,prompt,seed,blind,left,left step,right,right step,vote,better",
    '2026-11-26T10:00:00.000Z,live,nano,"a red cup, a blue ball",77,yes,robust,12,The model as it came,0,left,robust',
    '2026-11-26T10:00:00.000Z,live,nano,"a red cup, a blue ball",77,no,The model as it came,0,"mine, ""best""",30,bothBad,',
    "",
  ]);
});

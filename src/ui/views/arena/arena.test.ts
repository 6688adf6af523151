import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { makeConfig } from "../../../engine/config.ts";
import { readRecording } from "../../../formats/recordingFile.ts";
import { FAKE_RUNS, fakeSamples } from "../../__fixtures__/fakeArena.ts";
import { createFakeClient, FAKE_MODEL } from "../../__fixtures__/fakeClient.ts";
import type { ActionContext } from "../../actions/action.ts";
import {
  drawPair,
  hindrance,
  nextRecorded,
  openPair,
  stopDrawing,
  undoVote,
  vote,
} from "../../arena/arena.ts";
import { LESSONS } from "../../lessons/lessons.ts";
import { addPairs, type Pair, shownPair, showPair } from "../../stores/arenaStore.ts";
import { connectStores, createStores } from "../../stores/connectStores.ts";
import { createSettingsStore } from "../../stores/settingsStore.ts";
import { listDifferences } from "./differences.ts";
import { readPairs } from "./recordedPairs.ts";
import { sidesOf } from "./sides.ts";
import { verdictOf } from "./verdict.ts";

/** A live side whose worker answers what it is asked at once. */
function open(isAnswering = true) {
  const client = createFakeClient((command, fake) => {
    if (command.type !== "drawSamples" || !isAnswering) return;
    for (const sample of fakeSamples(command)) fake.emit(sample);
    fake.emit({ type: "jobEnded", jobId: command.jobId, outcome: "finished" });
  });
  const stores = createStores(createSettingsStore("light", null));
  connectStores(client, stores, (commit) => commit());
  const live = { stores, session: { send: client.send } };
  const context = { source: "live", stores, page: { live } } as unknown as ActionContext;
  return { client, stores, context };
}

function openReady(isAnswering = true) {
  const stage = open(isAnswering);
  stage.client.emit(FAKE_MODEL);
  stage.client.emit({ type: "runsListed", runs: [...FAKE_RUNS] });
  stage.stores.arena.setState((arena) => ({ ask: { ...arena.ask, prompt: " two cups ", seed: "7" } }));
  return stage;
}

describe("drawing a pair", () => {
  it("says what stands in its way", () => {
    const { client, stores, context } = open(false);
    expect(hindrance(context)).toBe("noModel");
    client.emit(FAKE_MODEL);
    expect(hindrance(context)).toBe("noPrompt");
    stores.arena.setState((arena) => ({ ask: { ...arena.ask, prompt: "a cup" } }));
    // Nothing is stored and no run is open: there is only the model.
    expect(hindrance(context)).toBe("sameWeights");
    client.emit({ type: "runsListed", runs: [...FAKE_RUNS] });
    expect(hindrance(context)).toBeNull();
    drawPair(context);
    expect(hindrance(context)).toBe("drawing");
  });

  it("asks for both in the order of the screen, from the seed chosen, and then from new ones", () => {
    const { client, stores, context } = openReady();
    for (let draw = 0; draw < 12; draw++) drawPair(context);
    const asked = client.sent.filter((command) => command.type === "drawSamples");
    expect(asked.map(({ prompt }) => prompt)).toEqual(Array(12).fill("two cups"));
    expect(asked[0]?.seed).toBe("7");
    expect(new Set(asked.map(({ seed }) => seed)).size).toBeGreaterThan(6);
    const { live } = stores.arena.getState().pairs;
    for (const [at, pair] of live.entries()) {
      const left = asked[at]?.sources[0];
      const second = left?.of === "run";
      expect(pair.isSwapped).toBe(second);
      // What is trained draws at step 240, wherever it stands.
      expect(pair.contenders.map(({ step }) => step)).toEqual([0, 240]);
    }
  });

  it("keeps the seed when asked to, and the sides as chosen where nothing is hidden", () => {
    const { client, stores, context } = openReady();
    stores.arena.setState((arena) => ({ isBlind: false, ask: { ...arena.ask, isSeedKept: true } }));
    for (let draw = 0; draw < 6; draw++) drawPair(context);
    const asked = client.sent.filter((command) => command.type === "drawSamples");
    expect(asked.map(({ seed, sources }) => [seed, sources[0]?.of])).toEqual(Array(6).fill(["7", "model"]));
  });

  it("is ended on demand", () => {
    const { client, stores, context } = openReady(false);
    drawPair(context);
    stopDrawing(context);
    const { job } = stores.arena.getState();
    expect(client.sent.at(-1)).toEqual({ type: "endJob", jobId: job?.id });
    expect(job?.isStopping).toBe(true);
  });
});

describe("voting", () => {
  it("means the contender that stands there, once a pair", () => {
    const { stores, context } = openReady();
    for (let draw = 0; draw < 8; draw++) {
      drawPair(context);
      const pair = shownPair(stores.arena.getState(), "live") as Pair;
      vote(context, "left");
      vote(context, "right");
      const cast = stores.votes.getState().votes.at(-1);
      expect(cast?.choice).toBe(pair.isSwapped ? "second" : "first");
      expect(cast && verdictOf(cast)).toBe("left");
    }
    expect(stores.votes.getState().votes).toHaveLength(8);
    expect(openPair(context)).toBeNull();
    undoVote(context);
    expect(stores.votes.getState().votes).toHaveLength(7);
    expect(openPair(context)).not.toBeNull();
  });

  it("tells no name in what is read aloud before the vote", () => {
    const { stores, context } = openReady();
    drawPair(context);
    const pair = shownPair(stores.arena.getState(), "live") as Pair;
    expect(sidesOf(pair, true).map(({ alt }) => alt)).toEqual([
      "Picture A for “two cups”",
      "Picture B for “two cups”",
    ]);
    const alts = sidesOf(pair, false).map(({ alt }) => alt);
    expect(alts.join()).toContain("drawn by The model as it came");
    expect(alts.join()).toContain("by Counts to three, step 240");
  });
});

describe("recorded pairs", () => {
  const [lesson] = LESSONS;

  it("are the first and the last picture of each row that ships", async () => {
    if (!lesson) throw new Error("There must be a lesson.");
    const bytes = await readFile(`public/runs/${lesson.id}/run.bin`);
    const reader = await readRecording(new Blob([bytes]).stream());
    let flips = 0;
    const pairs = await readPairs(reader, lesson, () => flips++ % 2 === 0);
    expect(pairs.length).toBeGreaterThan(0);
    expect(pairs.map(({ isSwapped }) => isSwapped)).toEqual(pairs.map((_, at) => at % 2 === 0));
    for (const { contenders, pictures, seed } of pairs) {
      expect(contenders[0].step).toBe(0);
      expect(contenders[1].step).toBeGreaterThan(0);
      expect(pictures[0]?.image.rgb).not.toEqual(pictures[1]?.image.rgb);
      expect(seed).not.toBe("");
    }
    const { stores } = open();
    const ids = pairs.map(({ id }) => id);
    stores.arena.setState((arena) => showPair(addPairs(arena, "recorded", pairs), "recorded", ids[1] ?? ""));
    const context = { source: "recorded", stores } as unknown as ActionContext;
    // After the last one come those that were passed over; and none when all are judged.
    expect(nextRecorded(context)?.id).toBe(ids[0]);
    vote(context, "right");
    stores.arena.setState((arena) => showPair(arena, "recorded", ids[0] ?? ""));
    vote(context, "tie");
    expect(nextRecorded(context)).toBeNull();
  });
});

describe("listDifferences", () => {
  const usual = makeConfig();
  const other = makeConfig("robust", { promptKind: "counting", klImage: 0.1 });

  it("names what differs in the words of the recipe", () => {
    const { rows } = listDifferences({ names: ["a", "b"], configs: [usual, other] });
    expect(rows).toEqual([
      { label: "prompts", before: "all kinds", after: "counting" },
      { label: "KL β, images", before: "0.02", after: "0.1" },
    ]);
  });

  it("compares a run beside the model as it came with the usual settings", () => {
    expect(listDifferences({ names: ["model", "b"], configs: [null, other] }).rows).toHaveLength(2);
    const { words, rows } = listDifferences({ names: ["model", "b"], configs: [null, usual] });
    expect([words, rows]).toEqual(["“b” was trained with the usual settings; the other not at all.", []]);
    expect(listDifferences({ names: ["model", "model"], configs: [null, null] }).words).toBe(
      "Neither has been trained here.",
    );
  });
});

import { describe, expect, it } from "vitest";
import { CONFIG_FIELDS, makeConfig, type RunConfig } from "../../../engine/config.ts";
import type { MetricName } from "../../../protocol/record.ts";
import { offerRollBack } from "../../offers.ts";
import type { Failure } from "../../stores/runStore.ts";
import { diagnose, isTried, type Notice } from "./diagnose.ts";

const steps = (length: number, at: (step: number) => number) =>
  Float32Array.from({ length }, (_, step) => at(step));

type Columns = Partial<Record<MetricName, Float32Array>>;

function read(columns: Columns, changes: Partial<RunConfig> = {}, failure: Failure | null = null): Notice[] {
  const config = makeConfig("robust", { learningRate: 1e-4, ...changes });
  return diagnose((name) => columns[name] ?? new Float32Array(0), config, failure);
}

const say = (columns: Columns, changes: Partial<RunConfig> = {}) =>
  read(columns, changes).map(({ id }) => id);

/** What the first notice would change. */
function offered(columns: Columns, changes: Partial<RunConfig> = {}): unknown {
  const { offer } = read(columns, changes)[0] ?? {};
  return offer && "changes" in offer ? offer.changes : offer;
}

const DEAD: Columns = { deadGroupShare: steps(5, () => 1) };
const OFTEN_DEAD: Columns = { deadGroupShare: steps(5, () => 0.75) };
const SPIKE: Columns = { klImage: steps(20, (step) => (step === 19 ? 0.4 : 0.02)) };
const ALIKE: Columns = { imageEntropy: steps(20, (step) => (step < 10 ? 2 : 0.9)) };
const SELF_PLEASED: Columns = {
  rewardMean: steps(40, (step) => 0.5 + step * 0.01),
  judgedMean: steps(40, () => 0.4),
};

describe("what is said", () => {
  it("is nothing about a young, healthy run", () => {
    expect(say({ rewardMean: steps(5, () => 0.5), deadGroupShare: steps(5, () => 0.25) })).toEqual([]);
  });

  it("tells steps that taught nothing from groups that often do not", () => {
    expect(say(DEAD)).toEqual(["allDead"]);
    expect(say({ deadGroupShare: steps(4, () => 1) })).toEqual([]);
    expect(say(OFTEN_DEAD)).toEqual(["manyDead"]);
  });

  it("sees a jump of the KL, but no slow growth and no tiny numbers", () => {
    expect(say(SPIKE)).toEqual(["klSpike"]);
    expect(say({ klImage: steps(20, (step) => 0.01 * step) })).toEqual([]);
    expect(say({ klImage: steps(20, (step) => (step === 19 ? 0.01 : 0.0001)) })).toEqual([]);
  });

  it("sees entropy halved since the start", () => {
    expect(say(ALIKE)).toEqual(["entropyFall"]);
  });

  it("does not praise a reward that the judge does not share", () => {
    expect(say(SELF_PLEASED)).toEqual(["judgeFlat"]);
    const shared = { ...SELF_PLEASED, judgedMean: steps(40, (step) => 0.4 + step * 0.005) };
    expect(say(shared)).toEqual(["learning"]);
    // A judge that looked on only now and then is not flat for that.
    const seldom = steps(40, (step) => (step % 5 === 0 ? 0.4 : Number.NaN));
    expect(say({ ...SELF_PLEASED, judgedMean: seldom })).toEqual(["learning"]);
  });

  it("judges progress only after thirty steps", () => {
    expect(say({ rewardMean: steps(29, () => 0.5) })).toEqual([]);
    expect(say({ rewardMean: steps(30, () => 0.5) })).toEqual(["nothingLearned"]);
    expect(say({ rewardMean: steps(40, (step) => 0.4 + step * 0.01) })).toEqual(["learning"]);
    expect(say({ rewardMean: steps(40, (step) => 0.8 - step * 0.01) })).toEqual(["gettingWorse"]);
  });

  it("notices a learning rate of zero, and numbers that ran away", () => {
    expect(say({ rewardMean: steps(3, () => 0.5) }, { learningRate: 0 })).toEqual(["noRate"]);
    const failure: Failure = {
      error: { code: "nonFinite", message: "m", data: {} },
      isFatal: false,
      step: 12,
    };
    const [notice] = read({}, {}, failure);
    expect(notice).toMatchObject({
      id: "nonFinite",
      offer: { kind: "restart", words: "New run: Learning rate 5e-5", changes: { learningRate: 5e-5 } },
    });
    expect(notice?.title).toContain("Step 12");
  });

  it("offers the last checkpoint, at half the rate, where there is one", () => {
    const failure: Failure = {
      error: { code: "nonFinite", message: "m", data: {} },
      isFatal: false,
      step: 12,
    };
    const [notice] = diagnose(
      () => new Float32Array(0),
      makeConfig("robust", { learningRate: 1e-4 }),
      failure,
      10,
    );
    const words = "Back to step 10: Learning rate 5e-5";
    expect(notice?.offer).toEqual({ kind: "rollBack", words, changes: { learningRate: 5e-5 } });
    const slowest = makeConfig("robust", { learningRate: CONFIG_FIELDS.learningRate.min });
    expect(offerRollBack(slowest, 10)).toMatchObject({ words: "Back to step 10", changes: {} });
  });
});

describe("what is offered", () => {
  it("is one change that helps, with the number on its button", () => {
    expect(offered(DEAD)).toEqual({ temperature: 1.25 });
    expect(offered(OFTEN_DEAD)).toEqual({ groupSize: 16 });
    expect(offered(SPIKE)).toEqual({ learningRate: 5e-5 });
    expect(offered(ALIKE, { klImage: 0.02 })).toEqual({ klImage: 0.04 });
    expect(offered(SELF_PLEASED)).toEqual({ frozenJudge: 0.5 });
    expect(read(DEAD)[0]?.offer?.words).toBe("Temperature 1.25");
    expect(offered({ rewardMean: steps(40, (step) => 0.4 + step * 0.01) })).toMatchObject({
      kind: "compare",
    });
  });

  it("stays within what can be set, takes another way at its end, and ends with words alone", () => {
    expect(offered(DEAD, { temperature: 4 })).toEqual({ groupSize: 16 });
    expect(offered(OFTEN_DEAD, { groupSize: 32 })).toBeNull();
    expect(offered(ALIKE, { klImage: 0 })).toEqual({ klImage: 0.01 });
    expect(offered(SELF_PLEASED, { frozenJudge: 0.5 })).toEqual({ questionsPerImage: 3 });
    expect(offered({ rewardMean: steps(3, () => 0.5) }, { learningRate: 0 })).toEqual({ learningRate: 1e-4 });
  });

  it("is not offered again before it can show", () => {
    const offer = read(DEAD)[0]?.offer;
    if (!offer) throw new Error("nothing is offered");
    expect(isTried(offer, [{ step: 38, keys: ["temperature"] }], 40)).toBe(true);
    expect(isTried(offer, [{ step: 38, keys: ["groupSize"] }], 40)).toBe(false);
    expect(isTried(offer, [{ step: 35, keys: ["temperature"] }], 40)).toBe(false);
  });
});

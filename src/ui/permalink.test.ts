import { describe, expect, it } from "vitest";
import { parseAddress } from "./address.ts";
import { DEFAULT_LESSON, findLesson } from "./lessons/lessons.ts";
import { addressOptions, hasState, readDrawing, readLink, writeLink } from "./permalink.ts";
import { parseHash } from "./routes.ts";

const HACKING = findLesson("reward-hacking") ?? DEFAULT_LESSON;

describe("a link", () => {
  it("says nothing where nothing differs", () => {
    const link = readLink("");
    expect(link).toEqual({
      view: "train",
      lesson: DEFAULT_LESSON,
      changes: {},
      step: null,
      beat: "prompts",
      drawing: null,
      hidden: [],
      problems: [],
    });
    expect(writeLink(link)).toBe("#/train");
  });

  it("comes back as it was written, in words a person would use", () => {
    const state = {
      view: "how" as const,
      lesson: HACKING,
      changes: { learningRate: 3e-5, groupSize: 4, objective: "sft" as const, seed: 1234 },
      step: 96,
      beat: "prompts" as const,
      drawing: null,
      hidden: ["advanced", "share"] as const,
    };
    const hash = writeLink(state);
    expect(hash).toBe(
      "#/how?v=1&lesson=reward-hacking&learningRate=3e-5&groupSize=4&objective=sft&seed=1234&step=96&hide=advanced,share",
    );
    expect(readLink(hash)).toEqual({ ...state, problems: [] });
  });

  it("names the beat of a presentation, and only there", () => {
    const link = readLink("#/present?v=1&lesson=counting&beat=curve");
    expect([link.beat, link.problems]).toEqual(["curve", []]);
    expect(writeLink(link)).toBe("#/present?v=1&lesson=counting&beat=curve");
    expect(writeLink({ ...link, view: "train" })).toBe("#/train?v=1&lesson=counting");
    expect(readLink("#/present?v=1&beat=9").problems).toEqual([
      { kind: "unreadable", label: "beat", asked: "9" },
    ]);
  });

  it("names the arena's drawing, whose seed is not the run's", () => {
    const hash = "#/arena?v=1&prompt=two%20red%20apples&seed=0%2Ffilm%2F1";
    const link = readLink(hash);
    expect(link).toMatchObject({ drawing: { prompt: "two red apples", seed: "0/film/1" }, problems: [] });
    expect(link.changes).toEqual({});
    expect(writeLink(link)).toBe(hash);
    expect(writeLink({ ...link, changes: { seed: 7, groupSize: 4 } })).toBe(
      "#/arena?v=1&groupSize=4&prompt=two%20red%20apples&seed=0%2Ffilm%2F1",
    );
    // It asks to look at something; the lesson and its settings stay as they are.
    expect(hasState(hash)).toBe(false);
    expect(hasState(`${hash}&lesson=counting`)).toBe(true);
    expect(readDrawing("#/arena?prompt=+&seed=3")).toBeNull();
    expect(readDrawing("#/arena?prompt=a+cup")).toEqual({ prompt: "a cup", seed: "0" });
    expect(readLink("#/arena?seed=12").changes).toEqual({ seed: 12 });
    expect(readLink("#/train?prompt=cup").problems).toEqual([{ kind: "unknownKeys", names: ["prompt"] }]);
  });

  it("keeps only what differs from the lesson", () => {
    expect(readLink("#/train?v=1&groupSize=8&klImage=0.5").changes).toEqual({ klImage: 0.5 });
    // The lesson's own gate is 0; the preset's 1 is a change there.
    expect(readLink("#/train?lesson=reward-hacking&answerGate=1").changes).toEqual({ answerGate: 1 });
  });

  it("clamps numbers and says so", () => {
    const { changes, problems } = readLink("#/train?v=1&groupSize=99&learningRate=-1&promptsPerStep=2.6");
    expect(changes).toEqual({ groupSize: 32, learningRate: 0, promptsPerStep: 3 });
    expect(problems).toEqual([
      { kind: "clamped", label: "group size G", asked: "99", used: 32 },
      { kind: "clamped", label: "learning rate", asked: "-1", used: 0 },
      { kind: "clamped", label: "prompts per step", asked: "2.6", used: 3 },
    ]);
  });

  it.each([
    ["#/nowhere", { kind: "unknownView", name: "nowhere" }],
    ["#/train?v=1&lesson=cooking", { kind: "unknownLesson", name: "cooking" }],
    ["#/train?v=1&speed=9&hue=1&speed=2", { kind: "unknownKeys", names: ["speed", "hue"] }],
    ["#/train?v=7", { kind: "newer", version: "7" }],
    ["#/train?v=0", { kind: "older", version: "0" }],
    ["#/train?v=one", { kind: "older", version: "one" }],
    ["#/train?groupSize=many", { kind: "unreadable", label: "group size G", asked: "many" }],
    ["#/train?groupSize=", { kind: "unreadable", label: "group size G", asked: "" }],
    ["#/train?objective=luck", { kind: "unreadable", label: "objective", asked: "luck" }],
    ["#/train?step=-3", { kind: "unreadable", label: "step", asked: "-3" }],
    ["#/train?hide=everything", { kind: "unknownKeys", names: ["hide=everything"] }],
    ["#/train?%E0%A4%A=1", { kind: "unknownKeys", names: [expect.any(String)] }],
  ])("goes on with what it can use of %s", (hash, problem) => {
    const link = readLink(hash);
    expect(link.problems).toEqual([problem]);
    expect(link).toMatchObject({ view: "train", lesson: DEFAULT_LESSON, changes: {}, step: null });
  });

  it("carries the address's own options on, and does not take them for state", () => {
    const hash = "#/arena?model=nano&weights=int4";
    expect(readLink(hash).problems).toEqual([]);
    expect(hasState(hash)).toBe(false);
    expect(hasState("#/arena?model=nano&step=3")).toBe(true);
    expect(writeLink(readLink(hash), addressOptions(hash))).toBe(hash);
  });
});

describe("parseHash", () => {
  it("knows the views with and without a slash at the end", () => {
    expect(parseHash("#/geneval/?v=1").view).toBe("geneval");
    expect(parseHash("#main").view).toBeNull();
    expect(parseHash("#/").view).toBe("train");
  });
});

describe("parseAddress", () => {
  it("reads the query and behind the hash, the query first", () => {
    expect(
      parseAddress("http://site/?backend=wasm&live=1#/train?weights=int8&model=nano&backend=cpu"),
    ).toEqual({
      backend: "wasm",
      modelId: "nano",
      weights: "int8",
      fail: null,
      isLive: true,
      mayAutoload: true,
    });
    expect(parseAddress("http://site/?backend=abacus&autoload=0").mayAutoload).toBe(false);
    expect(parseAddress("http://site/?backend=abacus").backend).toBe("auto");
  });
});

import { describe, expect, it } from "vitest";
import { makeConfig } from "../config.ts";
import { createRng } from "../rng.ts";
import { drawTrainingPrompt } from "../world/prompts.ts";
import { createSplits } from "../world/splits.ts";
import { worldPreset } from "../world/worldSpec.ts";
import { createTaskSource, judgeAnswer } from "./worldTask.ts";

const ALL = makeConfig();

describe("createTaskSource", () => {
  it("draws tasks whose own gold answers earn the full reward, and repeats with the stream", () => {
    const spec = worldPreset("nano");
    const drawTask = createTaskSource(spec, createSplits(spec));
    for (let seed = 0; seed < 40; seed++) {
      const task = drawTask(createRng(seed), ALL);
      expect(drawTask(createRng(seed), ALL)).toEqual(task);
      const { reward, parts } = judgeAnswer(task, task.answer);
      expect(reward, task.answer).toBe(1);
      expect(parts.every(({ earned, possible }) => earned === possible)).toBe(true);
      expect(judgeAnswer(task, "").reward).toBe(0);
    }
  });

  it("asks further questions that the same answer answers, without disturbing the stream", () => {
    const spec = worldPreset("nano");
    const splits = createSplits(spec);
    const rng = createRng(3);
    const { moreQuestions, ...prompt } = createTaskSource(spec, splits)(rng, ALL);
    const plain = createRng(3);
    expect(drawTrainingPrompt(spec, splits, plain)).toEqual(prompt);
    expect(rng.state()).toEqual(plain.state());
    expect(new Set([prompt.question, ...moreQuestions]).size).toBe(3);
  });

  it("draws all kinds, or the one that the run asks for", () => {
    const spec = worldPreset("nano");
    const drawTask = createTaskSource(spec, createSplits(spec));
    const tagsOf = (config: typeof ALL) =>
      new Set(Array.from({ length: 40 }, (_, seed) => drawTask(createRng(seed), config).metadata.tag));
    expect(tagsOf(ALL).size).toBe(6);
    expect([...tagsOf(makeConfig("robust", { promptKind: "counting" }))]).toEqual(["counting"]);
  });
});

import { describe, expect, it } from "vitest";
import { createRng } from "../rng.ts";
import { drawTrainingPrompt } from "../world/prompts.ts";
import { createSplits } from "../world/splits.ts";
import { worldPreset } from "../world/worldSpec.ts";
import { createTaskSource, judgeAnswer } from "./worldTask.ts";

describe("createTaskSource", () => {
  it("draws tasks whose own gold answers earn the full reward, and repeats with the stream", () => {
    const spec = worldPreset("nano");
    const drawTask = createTaskSource(spec, createSplits(spec));
    for (let seed = 0; seed < 40; seed++) {
      const task = drawTask(createRng(seed));
      expect(drawTask(createRng(seed))).toEqual(task);
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
    const { moreQuestions, ...prompt } = createTaskSource(spec, splits)(rng);
    const plain = createRng(3);
    expect(drawTrainingPrompt(spec, splits, plain)).toEqual(prompt);
    expect(rng.state()).toEqual(plain.state());
    expect(new Set([prompt.question, ...moreQuestions]).size).toBe(3);
  });
});

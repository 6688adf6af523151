import { describe, expect, it } from "vitest";
import { createRng } from "../rng.ts";
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
});

import { describe, expect, it } from "vitest";
import { matchAnswer } from "../reward/matchAnswer.ts";
import { createRng } from "../rng.ts";
import { askAboutScene, describeScene } from "./describeScene.ts";
import { TEMPLATE_QUESTIONS } from "./questions.ts";
import { type SceneObject, sampleScene } from "./scenes.ts";
import { answerOf, positioned, TAGS } from "./sentences.ts";
import { createSplits, drawFromSplit } from "./splits.ts";
import { collectWords, splitWords } from "./vocabulary.ts";
import { GRID, WORLD_PRESETS, worldPreset } from "./worldSpec.ts";

/** GenEval's position rule, written out here from its definition to check scenes independently. */
function officialRelations(a: SceneObject, b: SceneObject): string[] {
  const shrink = 0.1 * (a.size + b.size);
  const offset = [a.x + a.size / 2 - b.x - b.size / 2, a.y + a.size / 2 - b.y - b.size / 2] as const;
  const norm = Math.hypot(...offset);
  const [dx = 0, dy = 0] = offset.map((d) => (Math.max(Math.abs(d) - shrink, 0) * Math.sign(d)) / norm);
  return [
    ...(dx < -0.5 ? ["left of"] : []),
    ...(dx > 0.5 ? ["right of"] : []),
    ...(dy < -0.5 ? ["above"] : []),
    ...(dy > 0.5 ? ["below"] : []),
  ];
}

const overlaps = (a: SceneObject, b: SceneObject) =>
  Math.abs(a.x - b.x) < (a.x < b.x ? a.size : b.size) && Math.abs(a.y - b.y) < (a.y < b.y ? a.size : b.size);

describe.each(WORLD_PRESETS)("scenes of %s", (preset) => {
  const world = worldPreset(preset);
  const worldSplits = createSplits(world);
  const rng = createRng(5, preset);
  const samples = Array.from({ length: 1500 }, () => {
    const metadata = drawFromSplit(world, worldSplits, "train", rng.pick(TAGS), rng);
    const scene = sampleScene(
      world,
      metadata,
      rng,
      (name, colour) => !worldSplits.isHeldOutColour(name, colour),
    );
    return { metadata, scene, questions: askAboutScene(world, metadata, scene, worldSplits, rng) };
  });

  it("snap to the grid, stay inside and never overlap", () => {
    for (const { scene } of samples) {
      scene.objects.forEach((object, index) => {
        expect(object.x % GRID).toBe(0);
        expect(object.y % GRID).toBe(0);
        expect(Math.min(object.x, object.y)).toBeGreaterThanOrEqual(0);
        expect(Math.max(object.x, object.y) + object.size).toBeLessThanOrEqual(world.side);
        expect(scene.objects.slice(0, index).some((other) => overlaps(object, other))).toBe(false);
      });
    }
  });

  it("show what their record says, by the official position rule", () => {
    for (const { metadata, scene } of samples) {
      const names = metadata.include.flatMap((clause) => new Array<string>(clause.count).fill(clause.class));
      expect(scene.objects.map((object) => object.class)).toEqual(names);
      metadata.include.forEach((clause, index) => {
        if (clause.color) expect(scene.objects[index]?.colour).toBe(clause.color);
      });
      const [a, b] = scene.objects;
      if (!a || !b || metadata.tag === "counting") continue;
      const wanted = metadata.include[1]?.position?.[0];
      if (wanted) expect(officialRelations(b, a)).toEqual([wanted]);
      else expect([["left of"], ["above"]]).toContainEqual(officialRelations(a, b));
    }
  });

  it("wear no held-out colour and ask nothing that training may not see", () => {
    for (const { metadata, scene } of samples) {
      for (const { class: name, colour } of scene.objects) {
        expect(colour !== null && worldSplits.isHeldOutColour(name, colour)).toBe(false);
      }
      expect(worldSplits.isHeldOut(metadata)).toBe(false);
    }
  });

  it("come with two to four true questions, the template first", () => {
    for (const { metadata, scene, questions } of samples) {
      expect(questions.length).toBeGreaterThanOrEqual(2);
      expect(questions.length).toBeLessThanOrEqual(4);
      expect(questions[0]).toEqual({
        question: TEMPLATE_QUESTIONS[metadata.tag],
        answer: answerOf(metadata),
      });
      const truths = [metadata, ...describeScene(metadata, scene)];
      for (const { question, answer } of questions) {
        if (answer === "yes" || answer === "no") continue;
        expect(
          truths.some((truth) => matchAnswer(truth, answer).reward === 1),
          question,
        ).toBe(true);
      }
    }
  });

  it("speak only words of the vocabulary", () => {
    const words = new Set(collectWords(world));
    const unknown = new Set<string>();
    for (const { metadata, questions } of samples) {
      const texts = [metadata.prompt, ...questions.flatMap(({ question, answer }) => [question, answer])];
      for (const word of texts.flatMap(splitWords)) if (!words.has(word)) unknown.add(word);
    }
    expect([...unknown]).toEqual([]);
  });

  it("repeat for equal seeds", () => {
    const metadata = positioned(world.classes[0] ?? "", "left of", world.classes[1] ?? "");
    const draw = (seed: number) => sampleScene(world, metadata, createRng(seed));
    expect(draw(9)).toEqual(draw(9));
    const scenes = new Set(Array.from({ length: 40 }, (_, seed) => JSON.stringify(draw(seed))));
    expect(scenes.size).toBeGreaterThan(5);
  });
});

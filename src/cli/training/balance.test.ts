import { describe, expect, it } from "vitest";
import { fulfil, tellingDetector } from "../../engine/eval/__fixtures__/tellingDetector.ts";
import type { JudgedImage } from "../../engine/index.ts";
import type { UnifiedModel } from "../../engine/models/unified.ts";
import { singleObject } from "../../engine/world/sentences.ts";
import { choosePool, redrawPool } from "./balance.ts";

const dog = singleObject("dog");
const car = singleObject("car");
const cat = singleObject("cat");

function image(promptIndex: number, number: number, correct: boolean): JudgedImage {
  const metadata = [dog, car, cat][promptIndex] ?? dog;
  return {
    metadata,
    seen: true,
    promptIndex,
    number,
    seed: `eval/1/${metadata.prompt}/${number}`,
    codes: Int32Array.of(promptIndex, number),
    answer: "",
    reward: 0,
    correct,
    reasons: [],
  };
}

const drawn = [
  image(0, 0, false),
  image(0, 1, true),
  image(0, 2, true),
  image(1, 0, true),
  image(2, 0, true),
];

describe("choosePool", () => {
  it("takes the first correct image of each prompt", () => {
    expect(choosePool(drawn).map(({ codes }) => [...codes])).toEqual([
      [0, 1],
      [1, 0],
      [2, 0],
    ]);
    expect(choosePool([image(0, 0, false)])).toEqual([]);
  });
});

/** Names dogs and cars rightly, takes cats for dogs; keeps what it is asked to draw. */
function answerer(seeds: string[]) {
  const words = ["a dog", "a car", "a dog"];
  return {
    generation: { steps: 2, guidanceScale: 0, temperature: 1 },
    answerQuestions: async ({ images }: { images: readonly Int32Array[] }) =>
      images.map(([prompt = 0]) => ({ text: words[prompt] ?? "", tokens: [], logProbs: [] })),
    drawImages: async (request: { prompts: readonly string[]; seeds: readonly string[] }) => {
      seeds.push(...request.seeds);
      return request.prompts.map((prompt) => Int32Array.of(prompt === dog.prompt ? 0 : 1, 9));
    },
    decodeImages: async (images: readonly Int32Array[]) =>
      images.map(() => ({ width: 1, height: 1, rgb: new Uint8Array(3) })),
  } as unknown as UnifiedModel;
}

describe("redrawPool", () => {
  it("is the share drawn correctly of what is answered exactly, each drawn once under a new name", async () => {
    const seeds: string[] = [];
    // The judge finds the dog, and no car.
    const detector = tellingDetector((nth) => (nth === 0 ? fulfil(dog) : {}));
    const setting = { model: answerer(seeds), detector, guidanceScale: 0, seed: 1 };
    const { all } = await redrawPool(choosePool(drawn), setting);
    expect(all).toMatchObject({ passed: 1, kept: 2, total: 3, share: { mean: 1 / 2 } });
    expect(seeds).toEqual([`redraw/1/${drawn[1]?.seed}`, `redraw/1/${drawn[3]?.seed}`]);
  });

  it("is no number over an empty pool, and draws nothing for it", async () => {
    const seeds: string[] = [];
    const setting = {
      model: answerer(seeds),
      detector: tellingDetector(() => ({})),
      guidanceScale: 0,
      seed: 1,
    };
    const { all } = await redrawPool([], setting);
    expect([all.kept, all.share.mean, seeds.length]).toEqual([0, Number.NaN, 0]);
  });
});
